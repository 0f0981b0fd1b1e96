import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { sql } from 'drizzle-orm';
import { bigint, date, index, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';

const owner = () => tenantId().references(() => organizations.id);
const bytes = () => bigint('bytes', { mode: 'number' }).notNull();

/** Counters of an organization per day, in UTC; written by `createMeter`. */
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

/** The bytes of an organization's files and of uploads in progress, maintained by a trigger. */
export const storedBytes = pgTable('stored_bytes', {
  tenantId: typeId('tenant_id', 'org')
    .primaryKey()
    .references(() => organizations.id),
  bytes: bytes(),
});

/**
 * The bytes of an organization's messages and stored responses, maintained by triggers: the sum of up
 * to 16 parts, so that concurrent writes of an organization do not wait for each other.
 */
export const textBytes = pgTable(
  'text_bytes',
  { tenantId: owner(), part: smallint('part').notNull(), bytes: bytes() },
  (t) => [primaryKey({ columns: [t.tenantId, t.part] })],
);

/** Bytes reserved for uploads in progress. */
export const byteReservations = pgTable(
  'byte_reservations',
  {
    tenantId: owner(),
    id: typeId('id', 'att').notNull(),
    bytes: bytes(),
    createdAt: createdAt(),
    /** An unreleased reservation ends then. */
    expiresAt: instant('expires_at').notNull().default(sql`now() + interval '1 hour'`),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('byte_reservations_expiry').on(t.expiresAt),
  ],
);

/** Deleted attachments with files that are still to be deleted. */
export const deletedAttachments = pgTable(
  'deleted_attachments',
  { tenantId: owner(), id: typeId('id', 'att').notNull(), createdAt: createdAt() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
);
