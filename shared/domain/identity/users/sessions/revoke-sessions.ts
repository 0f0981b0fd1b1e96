import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq, type SQL } from 'drizzle-orm';
import { sessionRevoked } from '../events.ts';
import { isLiveSession } from './is-live-session.ts';
import { sessions } from '../tables.ts';

/** Whose: a person's, or those that a provider vouched for; of these one, or those meant. */
type Which = ({ userId: Id<'usr'> } | { providerId: Id<'idp'> }) & {
  userId?: Id<'usr'>;
  providerId?: Id<'idp'>;
  sessionId?: Id<'ses'> | undefined;
  meant?: SQL | undefined;
};

/** Ends live sessions in the organisation; tells how many. */
export async function revokeSessions(
  ctx: TenantContext,
  { userId, providerId, sessionId, meant }: Which,
): Promise<number> {
  const ended = await ctx.tx
    .update(sessions)
    .set({ revokedAt: new Date() })
    .where(
      and(
        eq(sessions.tenantId, ctx.tenantId),
        userId && eq(sessions.userId, userId),
        providerId && eq(sessions.providerId, providerId),
        sessionId && eq(sessions.id, sessionId),
        meant,
        isLiveSession,
      ),
    )
    .returning({ sessionId: sessions.id, userId: sessions.userId });
  for (const one of ended) await record(ctx, sessionRevoked, one);
  return ended.length;
}
