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
