import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { sql } from 'drizzle-orm';
import { bigint, date, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

const owner = () => tenantId().references(() => organizations.id);
const bytes = () => bigint('bytes', { mode: 'number' }).notNull();

/** What an organisation did on a day, in UTC; added up by `createMeter`. */
export const usageCounters = pgTable(
  'usage_counters',
  {
    tenantId: tenantId(),
    day: date('day').notNull(),
    metric: text('metric').notNull(),
    value: bigint('value', { mode: 'number' }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.day, t.metric] }),
    index('usage_counters_age').on(t.day),
  ],
);

/** The bytes of an organisation's files and of uploads under way, kept by a trigger. */
export const storedBytes = pgTable('stored_bytes', {
  tenantId: typeId('tenant_id', 'org')
    .primaryKey()
    .references(() => organizations.id),
  bytes: bytes(),
});

/** Bytes set aside for uploads under way. */
export const byteReservations = pgTable(
  'byte_reservations',
  {
    tenantId: owner(),
    id: typeId('id', 'att').notNull(),
    bytes: bytes(),
    createdAt: createdAt(),
    /** What is not released by then is given back. */
    expiresAt: instant('expires_at').notNull().default(sql`now() + interval '1 hour'`),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('byte_reservations_expiry').on(t.expiresAt),
  ],
);

/** Attachments that are gone and whose files have yet to go. */
export const discardedAttachments = pgTable(
  'discarded_attachments',
  { tenantId: owner(), id: typeId('id', 'att').notNull(), createdAt: createdAt() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
);
