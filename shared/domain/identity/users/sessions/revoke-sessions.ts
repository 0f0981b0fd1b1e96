import {
  type Context,
  requireSystem,
  systemContext,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq, lte, ne, type SQL } from 'drizzle-orm';
import type { z } from 'zod';
import { members } from '../tables.ts';
import { type olderSessions, sessionRevoked } from './events.ts';
import { isLiveSession, sessions } from './tables.ts';

/** Sessions of a user or of an identity provider; `where` and `sessionId` limit them further. */
type SessionFilter = ({ userId: Id<'usr'> } | { providerId: Id<'idp'> }) & {
  userId?: Id<'usr'>;
  providerId?: Id<'idp'>;
  sessionId?: Id<'ses'> | undefined;
  where?: SQL | undefined;
};

/** Revokes live sessions of the organization; returns their number. */
export async function revokeSessions(
  ctx: TenantContext,
  { userId, providerId, sessionId, where }: SessionFilter,
): Promise<number> {
  const revoked = await ctx.tx
    .update(sessions)
    .set({ revokedAt: new Date() })
    .where(
      and(
        eq(sessions.tenantId, ctx.tenantId),
        userId && eq(sessions.userId, userId),
        providerId && eq(sessions.providerId, providerId),
        sessionId && eq(sessions.id, sessionId),
        where,
        isLiveSession,
      ),
    )
    .returning({ sessionId: sessions.id, userId: sessions.userId });
  for (const session of revoked) await record(ctx, sessionRevoked, session);
  return revoked.length;
}

/** Revokes a user's older sessions in all organizations. */
export async function revokeOlderSessions(
  ctx: Context,
  { userId, before, exceptSessionId }: z.output<typeof olderSessions>,
): Promise<void> {
  const isOlder = and(
    lte(sessions.createdAt, new Date(before)),
    exceptSessionId && ne(sessions.id, exceptSessionId),
  );
  await forEachMembership(ctx, userId, (tenant) =>
    revokeSessions(tenant, { userId, where: isOlder }),
  );
}

/** Revokes all sessions of a user in all organizations; returns their number. For the system only. */
export async function revokeUserSessions(ctx: Context, userId: Id<'usr'>): Promise<number> {
  requireSystem(ctx);
  const counts = await forEachMembership(ctx, userId, (tenant) =>
    revokeSessions(tenant, { userId }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Runs `work` in each organization that the user is or was a member of, one after another. */
export async function forEachMembership<T>(
  ctx: Context,
  userId: Id<'usr'>,
  work: (tenant: TenantContext) => Promise<T>,
): Promise<T[]> {
  const memberships = await ctx.database.read({ userId }, (tx) =>
    tx
      .select({ tenantId: members.tenantId })
      .from(members)
      .where(eq(members.userId, userId))
      .execute(),
  );
  const results: T[] = [];
  for (const { tenantId } of memberships) {
    const system = systemContext(ctx, 'accounts', { tenantId, requestId: ctx.requestId });
    results.push(await withTenant(system, work));
  }
  return results;
}
