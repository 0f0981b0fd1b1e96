import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

const PAGE = 500;

const isAfter = (id: string | null) => (id === null ? sql`true` : sql`tenant_id > ${id}::uuid`);

/**
 * Organizations that have or had an audit log, ordered by id; the first is `SYSTEM_TENANT_ID`, which
 * holds entries outside all organizations.
 */
export async function* listAuditedOrganizations({
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
        ) audited order by tenant_id limit ${PAGE}`),
    );
    for (const { tenant_id } of rows) yield fromUuid('org', tenant_id);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.tenant_id;
  }
}
