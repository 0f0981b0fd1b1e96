import type { Database } from '@insightdesk/shared/database';
import { UnavailableError } from '@insightdesk/shared/errors';
import { sql } from 'drizzle-orm';

const MAX_COUNT = 10_000;

/** The number of events that are not relayed yet, up to 10,000, and the age of the oldest. */
export async function readOutboxLag(
  database: Pick<Database, 'write'>,
): Promise<{ waiting: number; seconds: number }> {
  const [row] = await database.write('system', (tx) =>
    tx.execute<{ waiting: number; seconds: number }>(sql`select
      (select count(*)::int from (select from outbox where relayed_at is null
        limit ${MAX_COUNT}) first) as waiting,
      coalesce((select extract(epoch from now() - created_at)::float8 from outbox
        where relayed_at is null order by position limit 1), 0) as seconds`),
  );
  return { waiting: row?.waiting ?? 0, seconds: Math.max(0, row?.seconds ?? 0) };
}

/** Longer than any relay needs that is not stalled; the alert `RelayLagHigh` uses the same. */
const MAX_LAG_SECONDS = 15;

/** Throws UnavailableError when recorded events have waited too long for the relay. */
export async function requireRelayProgress(
  database: Pick<Database, 'write'>,
  maxLagSeconds = MAX_LAG_SECONDS,
): Promise<void> {
  // By a function: not every service has a login that can read the outbox of all tenants.
  const [row] = await database.write({}, (tx) =>
    tx.execute<{ seconds: number }>(sql`select app.relay_lag_seconds() as seconds`),
  );
  if (Number(row?.seconds) > maxLagSeconds) throw new UnavailableError('The relay is stalled');
}
