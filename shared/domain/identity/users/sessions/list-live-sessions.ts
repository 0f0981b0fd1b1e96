import { type Context, readTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

/**
 * The live ones of a tenant's sessions and API key secrets, each with its current authorization
 * version: `none` while the organization is disabled, `setup` without a required second factor.
 */
export async function listLiveSessions(
  ctx: Context,
  tenantId: Id<'org'>,
  sessionIds: readonly Id<'ses'>[],
): Promise<Map<Id<'ses'>, string>> {
  const actor = { kind: 'system', name: 'live-sessions' } as const;
  const tenant = toUuid(tenantId);
  const ids = sql.param(sessionIds.map(toUuid));
  const rows = await readTenant({ ...ctx, actor, tenantId }, ({ tx }) =>
    tx.execute<{ id: string; version: string }>(sql`
      select id, case when authorization_version <> 'none' and app.lacks_second_factor(${tenant}::uuid, id)
        then 'setup' else authorization_version end as version
      from app.live_sessions(${tenant}::uuid, ${ids}::uuid[])`),
  );
  return new Map(rows.map(({ id, version }) => [fromUuid('ses', id), version]));
}

/**
 * How often members of each organization have lost access; organizations without such a change are
 * missing. A live session stays live while this number is the same, until it expires.
 */
export async function listAccessGenerations(
  { database }: Pick<Context, 'database'>,
  tenantIds: readonly Id<'org'>[],
): Promise<Map<Id<'org'>, string>> {
  const rows = await database.read({}, (tx) =>
    tx
      .execute<{ tenant: string; generation: string }>(
        sql`select tenant_id as tenant, generation::text
          from app.list_access_generations(${sql.param(tenantIds.map(toUuid))}::uuid[])`,
      )
      .execute(),
  );
  return new Map(rows.map(({ tenant, generation }) => [fromUuid('org', tenant), generation]));
}
