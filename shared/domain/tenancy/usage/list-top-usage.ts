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
      (select tenant_id, 'stored-bytes', sum(bytes)::float8 from (
        select tenant_id, bytes from stored_bytes
        union all select tenant_id, bytes from text_bytes) stored
        group by tenant_id order by sum(bytes) desc limit ${limit})`),
  );
  return rows.map((row) => ({
    tenantId: fromUuid('org', row.tenant_id),
    counter: row.counter,
    value: row.value,
  }));
}
