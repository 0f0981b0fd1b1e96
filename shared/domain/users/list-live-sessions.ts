import { type Context, readTenant } from '@insightdesk/shared/context';
import { type Id, type Role, toUuid } from '@insightdesk/shared/contract';
import { organizations } from '@insightdesk/shared/domain/tenants';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { live } from './live.ts';
import { members, sessions } from './tables.ts';

/**
 * Those of a tenant's sessions that are live, each with the role that its member has by now: none
 * while the organisation is disabled.
 */
export async function listLiveSessions(
  ctx: Context,
  tenantId: Id<'org'>,
  sessionIds: readonly Id<'ses'>[],
): Promise<Map<Id<'ses'>, Role | 'none'>> {
  const actor = { kind: 'system', name: 'live-sessions' } as const;
  const rows = await readTenant({ ...ctx, actor, tenantId }, ({ tx }) =>
    tx
      .select({
        id: sessions.id,
        role: members.role,
        disabledAt: organizations.disabledAt,
      })
      .from(sessions)
      .innerJoin(
        members,
        and(eq(members.tenantId, sessions.tenantId), eq(members.userId, sessions.userId)),
      )
      .innerJoin(organizations, eq(organizations.id, sessions.tenantId))
      .where(
        and(
          eq(sessions.tenantId, tenantId),
          sql`${sessions.id} = any(${sql.param(sessionIds.map(toUuid))}::uuid[])`,
          live,
          isNull(members.removedAt),
        ),
      )
      .execute(),
  );
  return new Map(rows.map(({ id, role, disabledAt }) => [id, disabledAt ? 'none' : role]));
}
