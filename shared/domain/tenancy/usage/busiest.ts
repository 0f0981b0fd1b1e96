import { fromUuid, type Id } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';

/** What an organisation did today, in UTC, or has stored. */
export interface Used {
  tenantId: Id<'org'>;
  counter: string;
  value: number;
}

/** Who uses most of each counter and of the storage; `most` of each. */
export async function busiest(database: Pick<Database, 'write'>, most: number): Promise<Used[]> {
  const rows = await database.write('system', (tx) =>
    tx.execute<{ tenant_id: string; counter: string; value: number }>(sql`
      select tenant_id, metric as counter, value::float8 as value from (
        select tenant_id, metric, value,
          row_number() over (partition by metric order by value desc) as place
        from usage_counters where day = (now() at time zone 'utc')::date) today
      where place <= ${most}
      union all
      (select tenant_id, 'stored-bytes', bytes::float8 from stored_bytes
        order by bytes desc limit ${most})`),
  );
  return rows.map((row) => ({
    tenantId: fromUuid('org', row.tenant_id),
    counter: row.counter,
    value: row.value,
  }));
}
