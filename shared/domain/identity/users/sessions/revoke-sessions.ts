import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq, type SQL } from 'drizzle-orm';
import { sessionRevoked } from './events.ts';
import { isLiveSession } from './is-live-session.ts';
import { sessions } from './tables.ts';

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
