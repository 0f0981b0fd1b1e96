import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { record } from '@insightdesk/shared/events';
import { and, eq, like } from 'drizzle-orm';
import { SessionErrors } from '../sessions/errors.ts';
import { isLiveSession } from '../sessions/is-live-session.ts';
import { sessions } from '../sessions/tables.ts';
import { impersonationEnded } from './events.ts';

/** Revokes the session of an operator who acts as a member. For the system only. */
export async function endImpersonation(ctx: Context, sessionId: Id<'ses'>): Promise<void> {
  if (ctx.actor.kind !== 'system') throw new ForbiddenError();
  await withTenant(ctx, async (tenant) => {
    const { tx, tenantId } = tenant;
    const isOwn = and(eq(sessions.tenantId, tenantId), eq(sessions.id, sessionId), isLiveSession);
    const [revoked] = await tx
      .update(sessions)
      .set({ revokedAt: new Date() })
      .where(and(isOwn, like(sessions.userAgent, 'Operator %')))
      .returning({ userId: sessions.userId });
    if (!revoked) throw SessionErrors.NotFound();
    await record(tenant, impersonationEnded, { sessionId, userId: revoked.userId });
  });
}
