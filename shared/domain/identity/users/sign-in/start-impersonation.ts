import { type Context, singleLine, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { impersonationStarted } from '../events.ts';
import { findPermissionRestriction } from '../sessions/find-permission-restriction.ts';
import { requireMember } from '../members/find-member.ts';
import { sessions } from '../tables.ts';

const MOST_MINUTES = 60;
const MINUTE_MS = 60_000;

const wanted = z.strictObject({
  userId: idSchema('usr'),
  operator: singleLine(100),
  reason: singleLine(500).refine((text) => text.length >= 10, 'Say why in ten characters or more'),
  minutes: z.int().min(1).max(MOST_MINUTES),
});

/**
 * Lets an operator act in a member's name for some minutes, by an access token that no refresh token
 * comes with. The organisation hears of it, and of all that is done with it. For the system only.
 */
export async function startImpersonation(ctx: Context, input: z.input<typeof wanted>) {
  if (ctx.actor.kind !== 'system') throw new ForbiddenError();
  const { userId, operator, reason, minutes } = wanted.parse(input);
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
