import { SQL } from 'bun';

/** Columns that the system changes by itself, such as retries. */
const volatileColumns = {
  webhook_deliveries:
    'status attempts next_attempt_at attempted_at response_status response_body duration_ms error due_since',
};

/** Rows that the system changes by itself: each retry counts as a job. */
const volatileRows: Readonly<Record<string, string>> = { usage_counters: "metric = 'jobs'" };

/** Reads the state of one tenant: a checksum for each tenant table. */
export function createStateReader(url: string) {
  const sql = new SQL(url);
  return {
    /** By table; `tenant` is the uuid of the organization. */
    async read(tenant: string): Promise<Record<string, string>> {
      const tables: { name: string }[] = await sql`
        select c.oid::regclass::text as name from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnum > 0
        where c.relkind in ('r', 'p') and not c.relispartition order by 1`;
      const sums: Record<string, string> = {};
      for (const { name } of tables) {
        const [row] = await sql.unsafe(
          `select count(*) || ' rows, ' || md5(coalesce(string_agg(row, E'\\n' order by row), '')) as sum
           from (select (to_jsonb(t) - $2::text[])::text as row from ${name} t
            where tenant_id = $1 and not (${volatileRows[name] ?? 'false'})) rows`,
          [tenant, sql.array(ignored(name), 'TEXT')],
        );
        sums[name] = row.sum;
      }
      return sums;
    },
    close: () => sql.close(),
  };
}

const ignored = (table: string): string[] =>
  (Object.entries(volatileColumns).find(([name]) => name === table)?.[1] ?? '').split(' ');
