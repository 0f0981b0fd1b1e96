import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { type Tx, withCommit } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';

/** What the database stores of a request. */
export interface IdempotencyRow {
  fingerprint: string;
  /** The encrypted response; null until it is known, when it is too long, and without bytes left for it. */
  response: string | null;
  completed: boolean;
  /** Reserved within the last minute. */
  recent: boolean;
}

/** Reads and writes the row of one request. */
export function createIdempotencyRow(
  { database, limits }: Pick<Context, 'database' | 'limits'>,
  tenantId: Id<'org'>,
  id: string,
) {
  const { quotas, unverifiedQuotas } = limits;
  const tenant = sql`${toUuid(tenantId)}::uuid`;
  const scope = { tenantId };
  const store = (tx: Tx, response: string | null) =>
    withCommit(
      tx,
      tx
        .execute(sql`select app.complete_idempotency_key(${tenant}, ${id}, ${response}::text,
          ${quotas['stored-bytes']}::bigint, ${unverifiedQuotas['stored-bytes']}::bigint)`)
        .execute(),
    );
  async function findIn(tx: Tx) {
    const query = sql`select * from app.find_idempotency_key(${tenant}, ${id})`;
    const [row] = await tx.execute(query).execute();
    return row as IdempotencyRow | undefined;
  }
  return {
    findIn,
    find: () => database.read(scope, findIn),
    /** Is sent with the next statement; fails as `app.reserve_idempotency_key` says. */
    reserve(tx: Tx, fingerprint: string): Promise<unknown> {
      const statement = sql`select app.reserve_idempotency_key(${tenant}, ${id}, ${fingerprint})`;
      const reserving = tx.execute(statement).execute();
      withCommit(tx, reserving);
      return reserving;
    },
    store,
    /** Stores the response in a transaction of its own. */
    storeAlone: (response: string | null) =>
      database.write(scope, async (tx) => {
        store(tx, response);
      }),
    delete: () =>
      database.write(scope, (tx) =>
        tx.execute(sql`select app.release_idempotency_key(${tenant}, ${id})`),
      ),
  };
}
