import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import type { Origin, RecordedEvent } from '@insightdesk/shared/events';
import type { TransactionSql } from 'postgres';
import { type AuditEntryContent, entryHash, GENESIS } from './entry-hash.ts';
import { redactDetails } from './redact-details.ts';
import { actorId } from './tables.ts';

/** An event as the audit log stores it. */
export interface AuditedEvent
  extends Pick<RecordedEvent, 'id' | 'tenantId' | 'name' | 'requestId' | 'at'> {
  origin?: Origin | undefined;
  details: unknown;
}

/** Where the relay writes audited events. */
export interface AuditSink {
  /** Appends entries to the chains of the organizations, in order; a known event changes nothing. */
  write(events: readonly AuditedEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens the sink on its own connection, with the relay's login. */
export function openAuditSink(url: string, timeoutMs = 10_000): AuditSink {
  const sql = connect(url, { timeoutMs });
  return {
    async write(events) {
      if (events.length > 0) await sql.begin((tx) => append(tx, events));
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

async function append(tx: TransactionSql, events: readonly AuditedEvent[]): Promise<void> {
  const heads = await lockHeads(tx, [...new Set(events.map(({ tenantId }) => tenantId))]);
  const known = await findKnown(tx, events);
  const rows = events
    .filter(({ tenantId, id }) => !known.has(tenantId + id))
    .map((event) => {
      const head = heads.get(event.tenantId) as Head;
      const content = contentOf(event, head.sequence + 1);
      const previous = head.hash;
      Object.assign(head, { sequence: content.sequence, hash: entryHash(previous, content) });
      return toRow(content, previous, head.hash);
    });
  if (rows.length === 0) return;
  await tx`insert into audit_entries ${tx(rows)}`;
  const ends = [...heads].map(([tenantId, head]) => ({ tenant_id: toUuid(tenantId), ...head }));
  await tx`update audit_chains set sequence = ended.sequence, hash = ended.hash
    from unnest(${ends.map((end) => end.tenant_id)}::uuid[], ${ends.map((end) => end.sequence)}::int8[],
      ${ends.map((end) => end.hash)}::text[]) as ended(tenant_id, sequence, hash)
    where audit_chains.tenant_id = ended.tenant_id`;
}

interface Head {
  sequence: number;
  hash: string;
}

/** Concurrent writers wait, so that a chain never forks. */
async function lockHeads(
  tx: TransactionSql,
  tenantIds: Id<'org'>[],
): Promise<Map<Id<'org'>, Head>> {
  const uuids = tenantIds.map(toUuid).toSorted();
  await tx`insert into audit_chains (tenant_id, sequence, hash)
    select tenant_id, 0, ${GENESIS} from unnest(${uuids}::uuid[]) tenant_id
    on conflict do nothing`;
  const rows = await tx`select tenant_id, sequence, hash from audit_chains
    where tenant_id = any(${uuids}::uuid[]) order by tenant_id for update`;
  return new Map(
    rows.map(({ tenant_id, sequence, hash }) => [
      fromUuid('org', tenant_id),
      { sequence: Number(sequence), hash },
    ]),
  );
}

async function findKnown(tx: TransactionSql, events: readonly AuditedEvent[]) {
  const rows = await tx`select tenant_id, event_id from audit_entries
    where (tenant_id, event_id) in (select * from unnest(
      ${events.map(({ tenantId }) => toUuid(tenantId))}::uuid[],
      ${events.map(({ id }) => toUuid(id))}::uuid[]))`;
  return new Set(rows.map((row) => fromUuid('org', row.tenant_id) + fromUuid('evt', row.event_id)));
}

function contentOf(event: AuditedEvent, sequence: number): AuditEntryContent {
  const { tenantId, id, name, requestId, at, origin, details } = event;
  return {
    tenantId,
    sequence,
    eventId: id,
    action: name,
    actor: origin?.actor ?? { kind: 'unknown' },
    details: redactDetails(details),
    ip: origin?.ip ?? null,
    userAgent: origin?.userAgent ?? null,
    requestId,
    at,
  };
}

function toRow(content: AuditEntryContent, previousHash: string, hash: string) {
  return {
    tenant_id: toUuid(content.tenantId),
    sequence: content.sequence,
    event_id: toUuid(content.eventId),
    action: content.action,
    actor: content.actor as never,
    actor_id: actorId(content.actor),
    details: content.details as never,
    ip: content.ip,
    user_agent: content.userAgent,
    request_id: content.requestId,
    at: content.at,
    previous_hash: previousHash,
    hash,
  };
}
