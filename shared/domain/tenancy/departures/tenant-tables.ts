import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

/** A table that holds rows of organisations, as the database lists it. */
export interface TenantTable {
  [column: string]: unknown;
  name: string;
  /** Its primary key, with the types of the columns. */
  keys: { name: string; type: string }[];
  /** Tables whose rows refer to rows of this one. */
  referrers: string[];
  mayRead: boolean;
  mayDelete: boolean;
}

/** Every table with a tenant, so that none has to be remembered by hand. */
export async function tenantTables(ctx: Pick<Context, 'database'>, tenantId: Id<'org'>) {
  const tables = await ctx.database.read({ tenantId }, (tx) =>
    tx.execute<TenantTable>(sql`
      select c.relname::text as name,
        has_table_privilege(c.oid, 'SELECT') as "mayRead",
        has_table_privilege(c.oid, 'DELETE') as "mayDelete",
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
      from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and exists (select from pg_attribute a
          where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
      order by c.relname`),
  );
  return [...tables];
}
