import { createdAt, instant, tenantId } from '@insightdesk/shared/database';
import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** Requests with an Idempotency-Key, and the responses to them. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** Zeros for callers without an organization. */
    tenantId: tenantId(),
    /** A hash of the caller and the key. */
    id: text('id').notNull(),
    fingerprint: text('fingerprint').notNull(),
    /** Encrypted; null until it is known, and when it is too long. */
    response: text('response'),
    completedAt: instant('completed_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('idempotency_keys_created_at').on(t.createdAt),
  ],
);
