import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { readPages } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';

const PAGE = 500;

/**
 * Organizations that have or had an audit log, ordered by id; the first is `SYSTEM_TENANT_ID`, which
 * holds entries outside all organizations.
 */
export async function* listAuditedOrganizations({
  database,
}: Pick<Context, 'database'>): AsyncGenerator<Id<'org'>> {
  const pages = readPages<{ tenant_id: string }>(PAGE, (last) => {
    const isAfter = last ? sql`tenant_id > ${last.tenant_id}::uuid` : sql`true`;
    return database.write('system', (tx) =>
      tx.execute(sql`
        select tenant_id from (
          (select tenant_id from audit_chains where ${isAfter} order by tenant_id limit ${PAGE})
          union
          (select distinct tenant_id from audit_entries where ${isAfter}
            order by tenant_id limit ${PAGE})
          union
          (select distinct tenant_id from outbox where ${isAfter} and origin is not null
            order by tenant_id limit ${PAGE})
        ) audited order by tenant_id limit ${PAGE}`),
    );
  });
  for await (const { tenant_id } of pages) yield fromUuid('org', tenant_id);
}
