import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

const PAGE = 500;

const isAfter = (id: string | null) => (id === null ? sql`true` : sql`tenant_id > ${id}::uuid`);

/**
 * Organisations that have, or had, an audit log, in the order of their ids; first the id that no
 * organisation has, of what was done outside them.
 */
export async function* auditedOrganizations({
  database,
}: Pick<Context, 'database'>): AsyncGenerator<Id<'org'>> {
  for (let after: string | null = null; ; ) {
    const rows: readonly { tenant_id: string }[] = await database.write('system', (tx) =>
      tx.execute<{ tenant_id: string }>(sql`
        select tenant_id from (
          (select tenant_id from audit_chains where ${isAfter(after)}
            order by tenant_id limit ${PAGE})
          union
          (select distinct tenant_id from audit_entries where ${isAfter(after)}
            order by tenant_id limit ${PAGE})
          union
          (select distinct tenant_id from outbox
            where ${isAfter(after)} and origin is not null
            order by tenant_id limit ${PAGE})
        ) known order by tenant_id limit ${PAGE}`),
    );
    for (const { tenant_id } of rows) yield fromUuid('org', tenant_id);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.tenant_id;
  }
}
