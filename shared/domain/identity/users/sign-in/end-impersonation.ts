import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { record } from '@insightdesk/shared/events';
import { and, eq, like } from 'drizzle-orm';
import { UserErrors } from '../errors.ts';
import { impersonationEnded } from '../events.ts';
import { isLiveSession } from '../sessions/is-live-session.ts';
import { sessions } from '../tables.ts';

/** Ends an operator's session in a member's name at once. For the system only. */
export async function endImpersonation(ctx: Context, sessionId: Id<'ses'>): Promise<void> {
  if (ctx.actor.kind !== 'system') throw new ForbiddenError();
  await withTenant(ctx, async (tenant) => {
    const { tx, tenantId } = tenant;
    const mine = and(eq(sessions.tenantId, tenantId), eq(sessions.id, sessionId), isLiveSession);
    const [ended] = await tx
      .update(sessions)
      .set({ revokedAt: new Date() })
      .where(and(mine, like(sessions.userAgent, 'Operator %')))
      .returning({ userId: sessions.userId });
    if (!ended) throw UserErrors.SessionNotFound();
    await record(tenant, impersonationEnded, { sessionId, userId: ended.userId });
  });
}
