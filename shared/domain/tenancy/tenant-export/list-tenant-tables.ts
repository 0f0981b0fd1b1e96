import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

/** A table with rows of tenants, read from the database's catalog. */
export interface TenantTable {
  [field: string]: unknown;
  name: string;
  /** Its primary key, with the types of the columns. */
  keys: { name: string; type: string }[];
  /** Columns that an export contains, as `app.export_columns` marks them. */
  exported: string[];
  /** Columns without a mark; there must be none. */
  unmarked: string[];
  /** Tables with rows that refer to rows of this one. */
  referrers: string[];
  mayRead: boolean;
  mayDelete: boolean;
}

/** Every table with a `tenant_id`. */
export async function listTenantTables(
  { database }: Pick<Context, 'database'>,
  tenantId: Id<'org'>,
): Promise<TenantTable[]> {
  const tables = await database.read({ tenantId }, (tx) =>
    tx.execute<TenantTable>(sql`
      select c.relname::text as name,
        has_table_privilege(c.oid, 'SELECT') as "mayRead",
        has_table_privilege(c.oid, 'DELETE') as "mayDelete",
        marks.exported, marks.unmarked,
        coalesce((
          select jsonb_agg(jsonb_build_object('name', a.attname,
            'type', format_type(a.atttypid, a.atttypmod)) order by k.n)
          from pg_index i, unnest(i.indkey::int2[]) with ordinality k(num, n), pg_attribute a
          where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.num
        ), '[]'::jsonb) as keys,
        coalesce((
          select jsonb_agg(distinct r.relname) from pg_constraint f
          join pg_class r on r.oid = f.conrelid
          where f.contype = 'f' and f.confrelid = c.oid and f.conrelid <> c.oid
        ), '[]'::jsonb) as referrers
      from pg_class c, lateral (
        select bool_or(name = 'tenant_id') as is_tenant_table,
          coalesce(jsonb_agg(name order by place) filter (where mark = 'exported'), '[]') as exported,
          coalesce(jsonb_agg(name) filter (where mark is null), '[]') as unmarked
        from (
          select a.attname as name, a.attnum as place, col_description(c.oid, a.attnum) as mark
          from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        ) columns) marks
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and marks.is_tenant_table
      order by c.relname`),
  );
  return [...tables];
}
