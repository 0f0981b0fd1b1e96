import type { Database } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';

const MOST_COUNTED = 10_000;

/** How many events wait to be told, up to 10,000, and for how long the first has. */
export async function readOutboxLag(
  database: Pick<Database, 'write'>,
): Promise<{ waiting: number; seconds: number }> {
  const [row] = await database.write('system', (tx) =>
    tx.execute<{ waiting: number; seconds: number }>(sql`select
      (select count(*)::int from (select from outbox where relayed_at is null
        limit ${MOST_COUNTED}) first) as waiting,
      coalesce((select extract(epoch from now() - created_at)::float8 from outbox
        where relayed_at is null order by position limit 1), 0) as seconds`),
  );
  return { waiting: row?.waiting ?? 0, seconds: Math.max(0, row?.seconds ?? 0) };
}
