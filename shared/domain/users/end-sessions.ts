import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq, type SQL } from 'drizzle-orm';
import { sessionRevoked } from './events.ts';
import { live } from './live.ts';
import { sessions } from './tables.ts';

/** Ends a person's live sessions in the organisation, the one named or those meant; tells how many. */
export async function endSessions(
  ctx: TenantContext,
  userId: Id<'usr'>,
  sessionId?: Id<'ses'>,
  meant?: SQL,
): Promise<number> {
  const ended = await ctx.tx
    .update(sessions)
    .set({ revokedAt: new Date() })
    .where(
      and(
        eq(sessions.tenantId, ctx.tenantId),
        eq(sessions.userId, userId),
        sessionId && eq(sessions.id, sessionId),
        meant,
        live,
      ),
    )
    .returning({ sessionId: sessions.id });
  for (const one of ended) await record(ctx, sessionRevoked, { ...one, userId });
  return ended.length;
}
