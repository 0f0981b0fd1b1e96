import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { GENESIS, linkOf } from './chain.ts';
import { actorId, auditChains, auditEntries } from './tables.ts';

/** What became of looking at an organisation's chain. */
export interface Verdict {
  tenantId: Id<'org'>;
  entries: number;
  /** The newest link. */
  sequence: number;
  hash: string;
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
 * Follows an organisation's chain from its beginning, page by page: what was changed, removed or put
 * elsewhere breaks it; what was cut off its end is missing by the head, by events that were told and
 * stand in the outbox still, or by a head that was noted outside.
 */
export async function verifyAudit(
  { database }: Looks,
  tenantId: Id<'org'>,
  noted?: NotedHead,
): Promise<Verdict> {
  const head = await findHead(database, tenantId);
  const last = { sequence: 0, hash: GENESIS };
  const verdict = (fault?: string): Verdict => ({
    tenantId,
    entries: last.sequence,
    ...last,
    ...(fault && { fault }),
  });
  let meetsHead = (head?.sequence ?? 0) === 0;
  let meetsNoted = !noted || noted.sequence === 0;
  for await (const row of entriesOf(database, tenantId)) {
    const fault = faultOf(row, last);
    if (fault) return verdict(`entry ${last.sequence + 1} ${fault}`);
    Object.assign(last, { sequence: row.sequence, hash: row.hash });
    if (row.sequence === head?.sequence) meetsHead = row.hash === head.hash;
    if (row.sequence === noted?.sequence) meetsNoted = row.hash === noted.hash;
  }
  if (!head && last.sequence > 0) return verdict('its head was removed');
  if (!meetsHead) {
    return verdict(`entries up to ${head?.sequence} were there, ${last.sequence} are left`);
  }
  if (!meetsNoted) return verdict(`does not lead through the noted entry ${noted?.sequence}`);
  const lost = await findUnaudited(database, tenantId);
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

async function* entriesOf(database: Database, tenantId: Id<'org'>): AsyncGenerator<Row> {
  for (let after = 0; ; ) {
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

/** An event that is audited and was told, but is not in the log. */
async function findUnaudited(database: Database, tenantId: Id<'org'>) {
  const [row] = await database.read({ tenantId }, (tx) =>
    tx.execute<{ name: string; event_id: string }>(sql`
      select name, event_id from outbox o
      where tenant_id = ${toUuid(tenantId)} and origin is not null
        and relayed_at is not null and failure is null
        and not exists (select from audit_entries e
          where e.tenant_id = o.tenant_id and e.event_id = o.event_id)
      limit 1`),
  );
  return row && `${row.name} (${fromUuid('evt', row.event_id)})`;
}

/** Organisations that have, or had, an audit log, in the order of their ids. */
export async function* auditedOrganizations({ database }: Looks): AsyncGenerator<Id<'org'>> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const rows = await database.write('system', (tx) =>
      tx.execute<{ tenant_id: string }>(sql`
        select tenant_id from (
          (select tenant_id from audit_chains where tenant_id > ${after}::uuid
            order by tenant_id limit ${PAGE})
          union
          (select distinct tenant_id from audit_entries where tenant_id > ${after}::uuid
            order by tenant_id limit ${PAGE})
          union
          (select distinct tenant_id from outbox
            where tenant_id > ${after}::uuid and origin is not null
            order by tenant_id limit ${PAGE})
        ) known order by tenant_id limit ${PAGE}`),
    );
    for (const { tenant_id } of rows) yield fromUuid('org', tenant_id);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.tenant_id;
  }
}
