import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { bigint, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** Archives of all that an organisation has; the bytes are in storage, in parts. */
export const exportsOfAll = pgTable(
  'exports',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'exp').notNull(),
    requestedBy: typeId('requested_by', 'usr').notNull(),
    parts: integer('parts').notNull().default(0),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull().default(0),
    sha256: text('sha256'),
    expiresAt: instant('expires_at').notNull(),
    readyAt: instant('ready_at'),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
);

/** The operator's ledger of erasures: a chain of hashes, with nothing about people. */
export const erasures = pgTable('erasures', {
  organizationId: typeId('organization_id', 'org').primaryKey(),
  requestedBy: text('requested_by').notNull(),
  startedAt: instant('started_at').notNull().defaultNow(),
  finishedAt: instant('finished_at'),
  /** The last link of its audit log. */
  auditSequence: bigint('audit_sequence', { mode: 'number' }).notNull().default(0),
  auditHash: text('audit_hash').notNull().default(''),
  counts: jsonb('counts').$type<Record<string, number>>().notNull().default({}),
  previousHash: text('previous_hash'),
  hash: text('hash'),
});

/** Who belonged to an organisation that is being erased. */
export const erasurePeople = pgTable(
  'erasure_people',
  {
    organizationId: typeId('organization_id', 'org').notNull(),
    userId: typeId('user_id', 'usr').notNull(),
  },
  (t) => [primaryKey({ columns: [t.organizationId, t.userId] })],
);
