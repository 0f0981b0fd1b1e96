import { type Context, readTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id, type Role, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';

/**
 * Those of a tenant's sessions that are live, each with the role that its member has by now: none
 * while the organisation is disabled, setup without the second factor that it requires.
 */
export async function listLiveSessions(
  ctx: Context,
  tenantId: Id<'org'>,
  sessionIds: readonly Id<'ses'>[],
): Promise<Map<Id<'ses'>, Role | 'none' | 'setup'>> {
  const actor = { kind: 'system', name: 'live-sessions' } as const;
  const rows = await readTenant({ ...ctx, actor, tenantId }, ({ tx }) =>
    tx.execute<{ id: string; role: Role; isDisabled: boolean; isUnproven: boolean }>(sql`
      select s.id, m.role, o.disabled_at is not null as "isDisabled",
        app.lacks_factor(s.tenant_id, s.id) as "isUnproven"
      from sessions s
      join members m on m.tenant_id = s.tenant_id and m.user_id = s.user_id
      join organizations o on o.id = s.tenant_id
      where s.tenant_id = ${toUuid(tenantId)} and s.id = any(${sql.param(sessionIds.map(toUuid))}::uuid[])
        and s.revoked_at is null and s.expires_at > now() and m.removed_at is null`),
  );
  return new Map(
    rows.map(({ id, role, isDisabled, isUnproven }) => [
      fromUuid('ses', id),
      isDisabled ? 'none' : isUnproven ? 'setup' : role,
    ]),
  );
}
