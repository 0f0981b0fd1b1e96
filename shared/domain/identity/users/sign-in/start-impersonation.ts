import { type Context, requireSystem, singleLine, withTenant } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { and, like } from 'drizzle-orm';
import { z } from 'zod';
import { requireMember } from '../members/find-member.ts';
import { SessionErrors } from '../sessions/errors.ts';
import { findPermissionRestriction } from '../sessions/find-permission-restriction.ts';
import { isLiveSession, sessions } from '../sessions/tables.ts';
import { impersonationEnded, impersonationStarted } from './events.ts';

const MAX_MINUTES = 60;
const MINUTE_MS = 60_000;

const impersonation = z.strictObject({
  userId: idSchema('usr'),
  operator: singleLine(100),
  reason: singleLine(500).refine((text) => text.length >= 10, 'Must have at least 10 characters'),
  minutes: z.int().min(1).max(MAX_MINUTES),
});

/**
 * Lets an operator act as a member for some minutes, with an access token and no refresh token. The
 * staff is notified, and the audit log records every action. For the system only.
 */
export async function startImpersonation(ctx: Context, input: z.input<typeof impersonation>) {
  requireSystem(ctx);
  const { userId, operator, reason, minutes } = impersonation.parse(input);
  const expiresAt = new Date(Date.now() + minutes * MINUTE_MS);
  return withTenant(ctx, async (tenant) => {
    const { tx, tenantId } = tenant;
    const { role } = await requireMember(tenant, userId);
    const sessionId = newId('ses');
    const userAgent = `Operator ${operator}`;
    await tx.insert(sessions).values({ tenantId, id: sessionId, userId, expiresAt, userAgent });
    const until = expiresAt.toISOString();
    await record(tenant, impersonationStarted, { userId, sessionId, operator, reason, until });
    const restriction = await findPermissionRestriction(tenant, { tenantId, userId });
    const claims = { tenantId, userId, sessionId, role, operator, restriction };
    const { token } = await ctx.security.tokens.signAccess({ ...claims, expiresIn: minutes * 60 });
    return { accessToken: token, sessionId, until };
  });
}

/** Revokes the session of an operator who acts as a member. For the system only. */
export async function endImpersonation(ctx: Context, sessionId: Id<'ses'>): Promise<void> {
  requireSystem(ctx);
  await withTenant(ctx, async (tenant) => {
    const { tx, tenantId } = tenant;
    const isOwn = and(matches(sessions, { tenantId, id: sessionId }), isLiveSession);
    const [revoked] = await tx
      .update(sessions)
      .set({ revokedAt: new Date() })
      .where(and(isOwn, like(sessions.userAgent, 'Operator %')))
      .returning({ userId: sessions.userId });
    if (!revoked) throw SessionErrors.NotFound();
    await record(tenant, impersonationEnded, { sessionId, userId: revoked.userId });
  });
}
