import { fromUuid } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';

/** The organizations with the highest value of each counter of today (UTC) and of stored bytes; `limit` of each. */
export async function listTopUsage(database: Pick<Database, 'write'>, limit: number) {
  const rows = await database.write('system', (tx) =>
    tx.execute<{ tenant_id: string; counter: string; value: number }>(sql`
      select tenant_id, metric as counter, value::float8 as value from (
        select tenant_id, metric, value,
          row_number() over (partition by metric order by value desc) as place
        from usage_counters where day = (now() at time zone 'utc')::date) today
      where place <= ${limit}
      union all
      (select tenant_id, 'stored-bytes', bytes::float8 from stored_bytes
        order by bytes desc limit ${limit})`),
  );
  return rows.map((row) => ({
    tenantId: fromUuid('org', row.tenant_id),
    counter: row.counter,
    value: row.value,
  }));
}
