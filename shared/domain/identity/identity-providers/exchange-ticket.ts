import { createHash } from 'node:crypto';
import { type Context, defineAction } from '@insightdesk/shared/context';
import { consumeOneTimeToken } from '@insightdesk/shared/domain/identity/mfa';
import {
  twoFactorCode,
  findMember,
  createSession,
  verifySecondFactor,
  signedInView,
  toUser,
} from '@insightdesk/shared/domain/identity/users';
import {
  organizations,
  TenantErrors,
  toOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { type LoginTicket, decryptLoginTicket } from './authorization-request.ts';
import { ProviderErrors } from './errors.ts';
import { requireEnabledProvider } from './require-provider.ts';

/** Gives the page that began its session: once, within a minute, and past the person's second factor. */
export const exchangeTicket = defineAction({
  summary: 'Exchange the login ticket of an identity provider for a session',
  input: z.strictObject({
    token: z.string().max(2_000),
    verifier: z.string().min(43).max(128),
    code: twoFactorCode.optional().describe('Of the second factor, if one is set up'),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, { token, verifier, code }) {
    const arrival = decryptLoginTicket(ctx, token);
    if (createHash('sha256').update(verifier).digest('base64url') !== arrival.challenge) {
      throw ProviderErrors.Stale();
    }
    const { userId, tenantId, providerId } = arrival;
    const { assuresTwoFactor } = await ctx.database.read({ tenantId }, (tx) =>
      requireEnabledProvider({ ...ctx, tenantId, tx }, providerId),
    );
    const proof = await verifySecondFactor(ctx, userId, { by: 'provider', providerId, assuresTwoFactor, code });
    return open(ctx, arrival, token, proof);
  },
});

function open(
  ctx: Context,
  { userId, tenantId, expiresAt }: LoginTicket,
  token: string,
  proof: Awaited<ReturnType<typeof verifySecondFactor>>,
) {
  return ctx.database.write({ tenantId, userId }, async (tx) => {
    const tenant = { ...ctx, tenantId, tx };
    const isFirst = await consumeOneTimeToken(tx, { userId, token, expiresAt: new Date(expiresAt) });
    const member = await findMember(tenant, userId);
    if (!isFirst || !member) throw ProviderErrors.Stale();
    const [organization] = await tx
      .select()
      .from(organizations)
      .where(eq(organizations.id, tenantId));
    if (!organization || organization.disabledAt) throw TenantErrors.Disabled();
    const pair = await createSession(tenant, { tenantId, userId, role: member.role, ...proof });
    return { user: toUser(member), organization: toOrganization(organization), ...pair };
  });
}
