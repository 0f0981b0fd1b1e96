import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { sqlState } from '@insightdesk/shared/database';
import {
  listTenantTables,
  type TenantTable,
} from '@insightdesk/shared/domain/tenancy/tenant-export';
import { TechnicalError } from '@insightdesk/shared/errors';
import { type SQL, sql } from 'drizzle-orm';

type Db = Pick<Context, 'database'>;

const BATCH = 1_000;
const MAX_ROUNDS = 20;
const FOREIGN_KEY_VIOLATION = '23503';

/**
 * Deletes all rows of an organization from every tenant table, in bounded batches; a table whose rows
 * are still referenced waits for the next round. The row of the organization itself goes last.
 */
export async function deleteRows(
  ctx: Db,
  tenantId: Id<'org'>,
  signal: AbortSignal,
  add: (name: string, count: number) => void,
): Promise<void> {
  const uuid = toUuid(tenantId);
  let left: Target[] = (await listTenantTables(ctx, tenantId)).map((table) => ({
    ...table,
    where: sql`tenant_id = ${uuid}::uuid`,
  }));
  left.push({
    name: 'organizations',
    keys: [{ name: 'id' }],
    where: sql`id = ${uuid}::uuid`,
    mayDelete: true,
  });
  for (let round = 0; left.length > 0; round++) {
    if (round === MAX_ROUNDS) {
      const names = left.map(({ name }) => name).join(', ');
      throw new TechnicalError(`Rows of ${names} cannot be deleted`);
    }
    const next: Target[] = [];
    const waiting = new Set(left.map(({ name }) => name));
    for (const table of left) {
      const isReferenced = table.referrers?.some((name) => waiting.has(name)) ?? left.length > 1;
      const isEmpty = !isReferenced && (await deleteAll(ctx, tenantId, table, signal, add));
      if (isEmpty) waiting.delete(table.name);
      else next.push(table);
    }
    left = next;
  }
}

type Target = Pick<TenantTable, 'name' | 'mayDelete'> & {
  where: SQL;
  keys: { name: string }[];
  referrers?: string[];
};

/** False when some of its rows are still referenced. */
async function deleteAll(
  { database }: Db,
  tenantId: Id<'org'>,
  { name, keys, where, mayDelete }: Target,
  signal: AbortSignal,
  add: (name: string, count: number) => void,
): Promise<boolean> {
  const table = sql.identifier(name);
  const key = sql.join(
    keys.map((column) => sql.identifier(column.name)),
    sql`, `,
  );
  // The role of tenants may not delete from every table, the system may.
  const scope = mayDelete ? { tenantId } : ('system' as const);
  for (;;) {
    signal.throwIfAborted();
    try {
      const { count } = await database.write(scope, (tx) =>
        tx.execute(sql`delete from ${table} where ${where}
          and (${key}) in (select ${key} from ${table} where ${where} limit ${BATCH})`),
      );
      add(name, count);
      if (count < BATCH) return true;
    } catch (error) {
      if (sqlState(error) === FOREIGN_KEY_VIOLATION) return false;
      throw error;
    }
  }
}
