import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { sqlState } from '@insightdesk/shared/database';
import { TechnicalError } from '@insightdesk/shared/errors';
import { type SQL, sql } from 'drizzle-orm';
import { type TenantTable, tenantTables } from './tenant-tables.ts';

/** How much of each kind is gone. */
export type Counts = Record<string, number>;

type Keeps = Pick<Context, 'database'>;

const BATCH = 1_000;
const PEOPLE = 200;
const MOST_ROUNDS = 20;
const STILL_REFERRED_TO = '23503';

/**
 * Deletes all rows of an organisation in every table that has some, a bounded batch per transaction;
 * what others refer to waits for the next round. The organisation itself goes last.
 */
export async function eraseRows(
  ctx: Keeps,
  tenantId: Id<'org'>,
  signal: AbortSignal,
  add: (name: string, count: number) => void,
): Promise<void> {
  const own = sql`id = ${toUuid(tenantId)}::uuid`;
  const tables = await tenantTables(ctx, tenantId);
  let left: Batch[] = tables.map((table) => ({ ...table, mine: tenantOf(tenantId) }));
  left.push({ name: 'organizations', keys: [{ name: 'id' }], mine: own, mayDelete: true });
  for (let round = 0; left.length > 0; round++) {
    if (round === MOST_ROUNDS) {
      const names = left.map(({ name }) => name).join(', ');
      throw new TechnicalError(`Rows of ${names} cannot be deleted`);
    }
    const next: Batch[] = [];
    const waiting = new Set(left.map(({ name }) => name));
    for (const table of left) {
      const isReferredTo = table.referrers?.some((name) => waiting.has(name)) ?? left.length > 1;
      const isEmpty = !isReferredTo && (await deleteAll(ctx, tenantId, table, signal, add));
      if (isEmpty) waiting.delete(table.name);
      else next.push(table);
    }
    left = next;
  }
}

type Batch = Pick<TenantTable, 'name' | 'mayDelete'> & {
  mine: SQL;
  keys: { name: string }[];
  referrers?: string[];
};

const tenantOf = (tenantId: Id<'org'>) => sql`tenant_id = ${toUuid(tenantId)}::uuid`;

/** False when something refers to its rows still. */
async function deleteAll(
  { database }: Keeps,
  tenantId: Id<'org'>,
  { name, keys, mine, mayDelete }: Batch,
  signal: AbortSignal,
  add: (name: string, count: number) => void,
): Promise<boolean> {
  const table = sql.identifier(name);
  const key = sql.join(
    keys.map((column) => sql.identifier(column.name)),
    sql`, `,
  );
  // What tenants' own code may not delete, the system may.
  const scope = mayDelete ? { tenantId } : ('system' as const);
  for (;;) {
    signal.throwIfAborted();
    try {
      const { count } = await database.write(scope, (tx) =>
        tx.execute(sql`delete from ${table} where ${mine}
          and (${key}) in (select ${key} from ${table} where ${mine} limit ${BATCH})`),
      );
      add(name, count);
      if (count < BATCH) return true;
    } catch (error) {
      if (sqlState(error) === STILL_REFERRED_TO) return false;
      throw error;
    }
  }
}

/** Writes down who belonged to the organisation, before that is forgotten. */
export async function gatherPeople({ database }: Keeps, tenantId: Id<'org'>, signal: AbortSignal) {
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    signal.throwIfAborted();
    const rows = await database.read({ tenantId }, (tx) =>
      tx.execute<{ user_id: string }>(sql`select user_id from members
        where tenant_id = ${toUuid(tenantId)} and user_id > ${after}::uuid
        order by user_id limit ${PEOPLE}`),
    );
    const last = rows.at(-1);
    if (!last) return;
    const ids = JSON.stringify(rows.map(({ user_id }) => user_id));
    await database.write('system', (tx) =>
      tx.execute(sql`insert into erasure_people (organization_id, user_id)
        select ${toUuid(tenantId)}::uuid, person::uuid from jsonb_array_elements_text(${ids}::jsonb) person
        on conflict do nothing`),
    );
    after = last.user_id;
  }
}

/** Erases those of them who belong nowhere else; how many. */
export async function erasePeople({ database }: Keeps, tenantId: Id<'org'>, signal: AbortSignal) {
  let erased = 0;
  for (;;) {
    signal.throwIfAborted();
    const done = await database.write('system', async (tx) => {
      const rows = await tx.execute<{ user_id: string; is_gone: boolean }>(sql`
        select user_id, app.erase_person(user_id) as is_gone from (
          select user_id from erasure_people
          where organization_id = ${toUuid(tenantId)} limit ${PEOPLE}) batch`);
      const ids = JSON.stringify(rows.map(({ user_id }) => user_id));
      await tx.execute(sql`delete from erasure_people
        where organization_id = ${toUuid(tenantId)}
          and user_id in (select person::uuid from jsonb_array_elements_text(${ids}::jsonb) person)`);
      return rows;
    });
    erased += done.filter(({ is_gone }) => is_gone).length;
    if (done.length < PEOPLE) return erased;
  }
}
