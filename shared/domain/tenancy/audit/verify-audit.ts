import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { GENESIS, linkOf } from './chain.ts';
import { auditPruned } from './events.ts';
import { actorId, auditChains, auditCheckpoints, auditEntries } from './tables.ts';

/** What became of looking at an organisation's chain. */
export interface Verdict {
  tenantId: Id<'org'>;
  entries: number;
  /** The newest link. */
  sequence: number;
  hash: string;
  /** The first entry that is kept, where older ones were pruned. */
  since?: number;
  /** Why the chain is not whole; undefined when it is. */
  fault?: string;
}

/** A head that somebody wrote down earlier. */
export interface NotedHead {
  sequence: number;
  hash: string;
}

const PAGE = 500;

type Looks = Pick<Context, 'database'>;

/**
 * Follows an organisation's chain from its beginning, or from where it was pruned, page by page: what was changed, removed or put
 * elsewhere breaks it; what was cut off its end is missing by the head, by events that were told and
 * stand in the outbox still, or by a head that was noted outside.
 */
export async function verifyAudit(
  { database }: Looks,
  tenantId: Id<'org'>,
  noted?: NotedHead,
): Promise<Verdict> {
  const head = await findHead(database, tenantId);
  const pruned = await findCheckpoint(database, tenantId);
  const start = { sequence: pruned?.sequence ?? 0, hash: pruned?.hash ?? GENESIS };
  const last = { ...start };
  const verdict = (fault?: string): Verdict => ({
    tenantId,
    entries: last.sequence - start.sequence,
    ...last,
    ...(pruned && { since: start.sequence + 1 }),
    ...(fault && { fault }),
  });
  let meetsHead = isSame(head ?? { sequence: 0, hash: GENESIS }, start);
  // What was noted before the checkpoint went with the entries.
  let meetsNoted = !noted || noted.sequence < start.sequence || isSame(noted, start);
  let isTold = !pruned;
  for await (const row of entriesOf(database, tenantId, start.sequence)) {
    const fault = faultOf(row, last);
    if (fault) return verdict(`entry ${last.sequence + 1} ${fault}`);
    Object.assign(last, { sequence: row.sequence, hash: row.hash });
    if (row.sequence === head?.sequence) meetsHead = row.hash === head.hash;
    if (row.sequence === noted?.sequence) meetsNoted = row.hash === noted.hash;
    isTold ||= tellsOf(row, start);
  }
  if (!head && last.sequence > 0) return verdict('its head was removed');
  if (!meetsHead) {
    return verdict(`entries up to ${head?.sequence} were there, ${last.sequence} are left`);
  }
  if (!meetsNoted) return verdict(`does not lead through the noted entry ${noted?.sequence}`);
  if (!isTold && !(await isAboutToTell(database, tenantId, start))) {
    return verdict(
      `lacks entries up to ${start.sequence}, and does not tell that they were pruned`,
    );
  }
  const lost = await findUnaudited(database, tenantId, pruned?.before);
  return verdict(lost && `lacks ${lost}, which was recorded and told`);
}

type Row = typeof auditEntries.$inferSelect;

function faultOf(row: Row, last: NotedHead): string | undefined {
  if (row.sequence !== last.sequence + 1) return 'was removed';
  if (row.previousHash !== last.hash) return 'does not follow on the one before it';
  const { hash, previousHash: _, actorId: shown, at, ...content } = row;
  if (linkOf(last.hash, { ...content, at: at.toISOString() }) !== hash) return 'was changed';
  return actorId(row.actor) === shown ? undefined : 'was changed';
}

async function findHead(database: Database, tenantId: Id<'org'>) {
  const [head] = await database.read({ tenantId }, (tx) =>
    tx.select().from(auditChains).where(eq(auditChains.tenantId, tenantId)).execute(),
  );
  return head;
}

async function findCheckpoint(database: Database, tenantId: Id<'org'>) {
  const [checkpoint] = await database.read({ tenantId }, (tx) =>
    tx.select().from(auditCheckpoints).where(eq(auditCheckpoints.tenantId, tenantId)).execute(),
  );
  return checkpoint;
}

const isSame = (one: NotedHead, other: NotedHead) =>
  one.sequence === other.sequence && one.hash === other.hash;

const tellsOf = ({ action, details }: Row, { sequence, hash }: NotedHead) =>
  action === auditPruned.name && details.through === sequence && details.link === hash;

/** It is recorded in the transaction before the entries go, and an entry once the relay comes by. */
async function isAboutToTell(database: Database, tenantId: Id<'org'>, start: NotedHead) {
  const rows = await database.read({ tenantId }, (tx) =>
    tx.execute(sql`select 1 from outbox where tenant_id = ${toUuid(tenantId)}
      and name = ${auditPruned.name} and relayed_at is null and origin is not null
      and payload ->> 'link' = ${start.hash} limit 1`),
  );
  return rows.length > 0;
}

async function* entriesOf(
  database: Database,
  tenantId: Id<'org'>,
  from: number,
): AsyncGenerator<Row> {
  for (let after = from; ; ) {
    const rows = await database.read({ tenantId }, (tx) =>
      tx
        .select()
        .from(auditEntries)
        .where(and(eq(auditEntries.tenantId, tenantId), gt(auditEntries.sequence, after)))
        .orderBy(asc(auditEntries.sequence))
        .limit(PAGE)
        .execute(),
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.sequence;
  }
}

/** The oldest event that is audited and was told, but is not in the log. */
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
