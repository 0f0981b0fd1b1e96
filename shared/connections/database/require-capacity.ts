import { getTableName, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Tx } from './connection.ts';
import { matches } from './matches.ts';

/** Locks a name until the transaction ends, so that transactions with this name run one after another. */
export const lockUntilCommit = (tx: Tx, name: string) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);

/** Throws when the organization has `max` rows in a table; concurrent calls wait for each other. */
export async function requireCapacity(
  { tx, tenantId }: { tx: Tx; tenantId: string },
  table: PgTable & { tenantId: PgColumn },
  { max, tooMany }: { max: number; tooMany: (max: number) => Error },
): Promise<void> {
  await lockUntilCommit(tx, `${getTableName(table)} ${tenantId}`);
  const count = await tx.$count(table, matches(table, { tenantId }));
  if (count >= max) throw tooMany(max);
}
