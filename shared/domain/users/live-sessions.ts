import { type Context, type Role, readTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/utils';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { live } from './sessions.ts';
import { members, sessions } from './tables.ts';

/** Throws 401 SESSION_ENDED unless the caller's session is live and its role still the token's. */
export async function requireLiveSession(ctx: Context): Promise<void> {
  await readTenant(ctx, () => Promise.resolve());
}

/** Those of a tenant's sessions that are live, each with the role that its member has by now. */
export async function listLiveSessions(
  ctx: Context,
  tenantId: Id<'org'>,
  sessionIds: readonly Id<'ses'>[],
): Promise<Map<Id<'ses'>, Role>> {
  const actor = { kind: 'system', name: 'live-sessions' } as const;
  const rows = await readTenant({ ...ctx, actor, tenantId }, ({ tx }) =>
    tx
      .select({ id: sessions.id, role: members.role })
      .from(sessions)
      .innerJoin(
        members,
        and(eq(members.tenantId, sessions.tenantId), eq(members.userId, sessions.userId)),
      )
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
  return new Map(rows.map(({ id, role }) => [id, role]));
}
