import { instant, tenantId, typeId } from '@insightdesk/shared/database';
import type { Origin } from '@insightdesk/shared/events';
import { bigint, index, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';

/** The actor of the recorded event. */
export type AuditedActor = Origin['actor'] | { kind: 'unknown' };

/** Entries of the audit log; append-only, written by the relay. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    tenantId: tenantId(),
    /** From 1, without gaps. */
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    eventId: typeId('event_id', 'evt').notNull(),
    action: text('action').notNull(),
    actor: jsonb('actor').$type<AuditedActor>().notNull(),
    actorId: text('actor_id'),
    details: jsonb('details').$type<Record<string, unknown>>().notNull(),
    ip: text('ip'),
    userAgent: text('user_agent'),
    requestId: text('request_id').notNull(),
    at: instant('at').notNull(),
    previousHash: text('previous_hash').notNull(),
    /** SHA-256 of the previous hash and all columns above. */
    hash: text('hash').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.sequence] }),
    unique('audit_entries_event').on(t.tenantId, t.eventId),
    index('audit_entries_at').on(t.tenantId, t.at, t.sequence),
    index('audit_entries_action').on(t.tenantId, t.action, t.at, t.sequence),
    index('audit_entries_actor').on(t.tenantId, t.actorId, t.at, t.sequence),
  ],
);

/** The newest entry of each organization's chain. */
export const auditChains = pgTable('audit_chains', {
  tenantId: typeId('tenant_id', 'org').primaryKey(),
  sequence: bigint('sequence', { mode: 'number' }).notNull(),
  hash: text('hash').notNull(),
});

/** The last pruned entry of a log, where verification starts. */
export const auditCheckpoints = pgTable('audit_checkpoints', {
  tenantId: typeId('tenant_id', 'org').primaryKey(),
  sequence: bigint('sequence', { mode: 'number' }).notNull(),
  hash: text('hash').notNull(),
  /** All entries after the checkpoint are newer than this time. */
  prunedBefore: instant('pruned_before').notNull(),
});

/** The id to search entries by: of an API key or a user, or the name of a system component. */
export function actorId(actor: AuditedActor): string | null {
  if (actor.kind === 'user') return actor.grant?.via === 'key' ? actor.grant.id : actor.userId;
  return actor.kind === 'system' ? actor.name : null;
}
