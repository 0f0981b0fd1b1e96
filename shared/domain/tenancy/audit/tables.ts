import { instant, tenantId, typeId } from '@insightdesk/shared/database';
import type { Origin } from '@insightdesk/shared/events';
import { bigint, index, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';

/** Whoever acted, as the event was recorded. */
export type AuditedActor = Origin['actor'] | { kind: 'unknown' };

/** What was done, by whom and from where; only ever added to, by the relay. */
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
    /** SHA-256 of the previous hash and all of the above. */
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

/** The newest link of each organisation's chain. */
export const auditChains = pgTable('audit_chains', {
  tenantId: typeId('tenant_id', 'org').primaryKey(),
  sequence: bigint('sequence', { mode: 'number' }).notNull(),
  hash: text('hash').notNull(),
});

/** Where a log begins whose oldest entries were pruned: the last of these, and its link. */
export const auditCheckpoints = pgTable('audit_checkpoints', {
  tenantId: typeId('tenant_id', 'org').primaryKey(),
  sequence: bigint('sequence', { mode: 'number' }).notNull(),
  hash: text('hash').notNull(),
  /** Every entry that is left, or that is missing, is younger. */
  before: instant('before').notNull(),
});

/** By which entries are looked for: an API key's id, a person's, or what a part of the system is called. */
export function actorId(actor: AuditedActor): string | null {
  if (actor.kind === 'user') return actor.grant?.via === 'key' ? actor.grant.id : actor.userId;
  return actor.kind === 'system' ? actor.name : null;
}
