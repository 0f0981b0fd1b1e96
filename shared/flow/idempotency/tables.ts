import { createdAt, instant, tenantId } from '@insightdesk/shared/database';
import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** What was answered to a request that carried an Idempotency-Key. */
export const keptAnswers = pgTable(
  'kept_answers',
  {
    /** Zeroes for requests of nobody's members. */
    tenantId: tenantId(),
    /** A hash of who asks and of the key. */
    id: text('id').notNull(),
    fingerprint: text('fingerprint').notNull(),
    /** Encrypted; unset while it is not known, and when it was too long to be kept. */
    answer: text('answer'),
    answeredAt: instant('answered_at'),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] }), index('kept_answers_age').on(t.createdAt)],
);
