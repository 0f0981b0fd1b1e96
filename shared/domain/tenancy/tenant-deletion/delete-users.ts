import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

const PAGE = 200;

/** Stores the ids of the organization's members before these rows are deleted. */
export async function recordUsers(
  { database }: Pick<Context, 'database'>,
  tenantId: Id<'org'>,
  signal: AbortSignal,
): Promise<void> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    signal.throwIfAborted();
    const rows = await database.read({ tenantId }, (tx) =>
      tx.execute<{ user_id: string }>(sql`select user_id from members
        where tenant_id = ${toUuid(tenantId)} and user_id > ${after}::uuid
        order by user_id limit ${PAGE}`),
    );
    const last = rows.at(-1);
    if (!last) return;
    const ids = JSON.stringify(rows.map(({ user_id }) => user_id));
    await database.write('system', (tx) =>
      tx.execute(sql`insert into tenant_deletion_users (organization_id, user_id)
        select ${toUuid(tenantId)}::uuid, person::uuid from jsonb_array_elements_text(${ids}::jsonb) person
        on conflict do nothing`),
    );
    after = last.user_id;
  }
}

/** Deletes those former members who belong to no other organization; returns how many. */
export async function deleteUsers(
  { database }: Pick<Context, 'database'>,
  tenantId: Id<'org'>,
  signal: AbortSignal,
): Promise<number> {
  let deleted = 0;
  for (;;) {
    signal.throwIfAborted();
    const batch = await database.write('system', async (tx) => {
      const rows = await tx.execute<{ user_id: string; is_deleted: boolean }>(sql`
        select user_id, app.delete_user(user_id) as is_deleted from (
          select user_id from tenant_deletion_users
          where organization_id = ${toUuid(tenantId)} limit ${PAGE}) batch`);
      const ids = JSON.stringify(rows.map(({ user_id }) => user_id));
      await tx.execute(sql`delete from tenant_deletion_users
        where organization_id = ${toUuid(tenantId)}
          and user_id in (select person::uuid from jsonb_array_elements_text(${ids}::jsonb) person)`);
      return rows;
    });
    deleted += batch.filter(({ is_deleted }) => is_deleted).length;
    if (batch.length < PAGE) return deleted;
  }
}
