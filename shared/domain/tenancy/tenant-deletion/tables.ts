import { instant, typeId } from '@insightdesk/shared/database';
import { bigint, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** The operator's record of tenant deletions: a chain of hashes without personal data. */
export const tenantDeletions = pgTable('tenant_deletions', {
  organizationId: typeId('organization_id', 'org').primaryKey(),
  requestedBy: text('requested_by').notNull(),
  startedAt: instant('started_at').notNull().defaultNow(),
  finishedAt: instant('finished_at'),
  /** The last entry of its audit log. */
  auditSequence: bigint('audit_sequence', { mode: 'number' }).notNull().default(0),
  auditHash: text('audit_hash').notNull().default(''),
  counts: jsonb('counts').$type<Record<string, number>>().notNull().default({}),
  previousHash: text('previous_hash'),
  hash: text('hash'),
});

/** The users of an organization that is being deleted. */
export const tenantDeletionUsers = pgTable(
  'tenant_deletion_users',
  {
    organizationId: typeId('organization_id', 'org').notNull(),
    userId: typeId('user_id', 'usr').notNull(),
  },
  (t) => [primaryKey({ columns: [t.organizationId, t.userId] })],
);
