import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { type Database, readPages } from '@insightdesk/shared/database';
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { entryHash, GENESIS } from './entry-hash.ts';
import { auditPruned } from './events.ts';
import { actorId, auditChains, auditCheckpoints, auditEntries } from './tables.ts';

/** The result of verifying an organization's chain. */
export interface AuditVerification {
  tenantId: Id<'org'>;
  entries: number;
  /** The newest entry. */
  sequence: number;
  hash: string;
  /** The first stored entry, when older ones were pruned. */
  since?: number;
  /** The first error; undefined when the chain is valid. */
  error?: string;
}

/** The head of a chain at an earlier time. */
export interface KnownHead {
  sequence: number;
  hash: string;
}

const PAGE = 500;

/**
 * Verifies an organization's chain page by page, from its beginning or its checkpoint. A changed,
 * deleted or moved entry breaks the hashes. A truncated end is found by the stored head, by relayed
 * events that are still in the outbox, or by a head that was stored elsewhere (`known`).
 */
export async function verifyAudit(
  { database }: Pick<Context, 'database'>,
  tenantId: Id<'org'>,
  known?: KnownHead,
): Promise<AuditVerification> {
  const [head] = await database.read({ tenantId }, (tx) =>
    tx.select().from(auditChains).where(eq(auditChains.tenantId, tenantId)).execute(),
  );
  const [checkpoint] = await database.read({ tenantId }, (tx) =>
    tx.select().from(auditCheckpoints).where(eq(auditCheckpoints.tenantId, tenantId)).execute(),
  );
  const start = { sequence: checkpoint?.sequence ?? 0, hash: checkpoint?.hash ?? GENESIS };
  const last = { ...start };
  const result = (error?: string): AuditVerification => ({
    tenantId,
    entries: last.sequence - start.sequence,
    ...last,
    ...(checkpoint && { since: start.sequence + 1 }),
    ...(error && { error }),
  });
  let isHeadFound = isSame(head ?? { sequence: 0, hash: GENESIS }, start);
  // A head before the checkpoint was pruned with its entry.
  let isKnownFound = !known || known.sequence < start.sequence || isSame(known, start);
  let isPruningRecorded = !checkpoint;
  for await (const row of readEntries(database, tenantId, start.sequence)) {
    const error = findError(row, last);
    if (error) return result(`entry ${last.sequence + 1} ${error}`);
    Object.assign(last, { sequence: row.sequence, hash: row.hash });
    if (row.sequence === head?.sequence) isHeadFound = row.hash === head.hash;
    if (row.sequence === known?.sequence) isKnownFound = row.hash === known.hash;
    isPruningRecorded ||= recordsPruning(row, start);
  }
  if (!head && last.sequence > 0) return result('head is missing');
  if (!isHeadFound) {
    return result(`entries after ${last.sequence} are missing, up to ${head?.sequence}`);
  }
  if (!isKnownFound) return result(`known entry ${known?.sequence} is missing or was changed`);
  if (!isPruningRecorded && !(await isPruningInOutbox(database, tenantId, start))) {
    return result(`entries up to ${start.sequence} are missing without a record of pruning`);
  }
  const missing = await findUnaudited(database, tenantId, checkpoint?.prunedBefore);
  return result(missing && `entry of relayed event ${missing} is missing`);
}

type Row = typeof auditEntries.$inferSelect;

function findError(row: Row, last: KnownHead): string | undefined {
  if (row.sequence !== last.sequence + 1) return 'is missing';
  if (row.previousHash !== last.hash) return 'does not continue the previous entry';
  const { hash, previousHash: _, actorId: storedActorId, at, ...content } = row;
  if (entryHash(last.hash, { ...content, at: at.toISOString() }) !== hash) return 'was changed';
  return actorId(row.actor) === storedActorId ? undefined : 'was changed';
}

const isSame = (a: KnownHead, b: KnownHead) => a.sequence === b.sequence && a.hash === b.hash;

const recordsPruning = ({ action, details }: Row, { sequence, hash }: KnownHead) =>
  action === auditPruned.name && details.through === sequence && details.link === hash;

/** Pruning is recorded before the entries are deleted; its entry follows when it is relayed. */
async function isPruningInOutbox(database: Database, tenantId: Id<'org'>, start: KnownHead) {
  const rows = await database.read({ tenantId }, (tx) =>
    tx.execute(sql`select 1 from outbox where tenant_id = ${toUuid(tenantId)}
      and name = ${auditPruned.name} and relayed_at is null and origin is not null
      and payload ->> 'link' = ${start.hash} limit 1`),
  );
  return rows.length > 0;
}

const readEntries = (database: Database, tenantId: Id<'org'>, from: number) =>
  readPages<Row>(PAGE, (last) =>
    database.read({ tenantId }, (tx) =>
      tx
        .select()
        .from(auditEntries)
        .where(
          and(
            eq(auditEntries.tenantId, tenantId),
            gt(auditEntries.sequence, last?.sequence ?? from),
          ),
        )
        .orderBy(asc(auditEntries.sequence))
        .limit(PAGE)
        .execute(),
    ),
  );

/** The oldest audited event that was relayed but has no entry. */
async function findUnaudited(database: Database, tenantId: Id<'org'>, since = new Date(0)) {
  const [row] = await database.read({ tenantId }, (tx) =>
    tx.execute<{ name: string; event_id: string }>(sql`
      select name, event_id from outbox o
      where tenant_id = ${toUuid(tenantId)} and origin is not null
        and relayed_at is not null and failure is null
        and created_at >= ${since.toISOString()}::timestamptz
        and not exists (select from audit_entries e
          where e.tenant_id = o.tenant_id and e.event_id = o.event_id)
      order by created_at, position limit 1`),
  );
  return row && `${row.name} (${fromUuid('evt', row.event_id)})`;
}
