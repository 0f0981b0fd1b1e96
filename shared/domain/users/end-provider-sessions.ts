import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq } from 'drizzle-orm';
import { sessionRevoked } from './events.ts';
import { live } from './live.ts';
import { sessions } from './tables.ts';

/** Ends the live sessions that a provider vouched for: of all, or of one person. */
export async function endProviderSessions(
  ctx: TenantContext,
  providerId: Id<'idp'>,
  userId?: Id<'usr'>,
): Promise<void> {
  const ended = await ctx.tx
    .update(sessions)
    .set({ revokedAt: new Date() })
    .where(
      and(
        eq(sessions.tenantId, ctx.tenantId),
        eq(sessions.providerId, providerId),
        userId && eq(sessions.userId, userId),
        live,
      ),
    )
    .returning({ sessionId: sessions.id, userId: sessions.userId });
  for (const one of ended) await record(ctx, sessionRevoked, one);
}
