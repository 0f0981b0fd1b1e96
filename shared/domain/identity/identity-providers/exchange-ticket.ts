import { createHash } from 'node:crypto';
import { type Context, defineAction } from '@insightdesk/shared/context';
import { consumeOneTimeToken } from '@insightdesk/shared/domain/identity/mfa';
import {
  findMember,
  signedInView,
  signIn,
  twoFactorCode,
  verifySecondFactor,
} from '@insightdesk/shared/domain/identity/users';
import { requireEnabledOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { z } from 'zod';
import { ProviderErrors } from './errors.ts';
import { decryptLoginTicket, type LoginTicket } from './login-ticket.ts';
import { requireEnabledProvider } from './require-provider.ts';

/** Works once, within a minute, for the page that started the sign-in. */
export const exchangeTicket = defineAction({
  summary: 'Exchange the login ticket of an identity provider for a session',
  input: z.strictObject({
    token: z.string().max(2_000),
    verifier: z.string().min(43).max(128),
    code: twoFactorCode.optional().describe('Code of the second factor, if one is set up'),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, { token, verifier, code }) {
    const ticket = decryptLoginTicket(ctx, token);
    if (createHash('sha256').update(verifier).digest('base64url') !== ticket.challenge) {
      throw ProviderErrors.Stale();
    }
    const { userId, tenantId, providerId } = ticket;
    const { assuresTwoFactor } = await ctx.database.read({ tenantId }, (tx) =>
      requireEnabledProvider({ ...ctx, tenantId, tx }, providerId),
    );
    const method = { by: 'provider', providerId, assuresTwoFactor, code } as const;
    const authentication = await verifySecondFactor(ctx, userId, method);
    return consumeTicket(ctx, ticket, token, authentication);
  },
});

function consumeTicket(
  ctx: Context,
  { userId, tenantId, expiresAt }: LoginTicket,
  token: string,
  authentication: Awaited<ReturnType<typeof verifySecondFactor>>,
) {
  return ctx.database.write({ tenantId, userId }, async (tx) => {
    const tenant = { ...ctx, tenantId, tx };
    const isFirstUse = await consumeOneTimeToken(tx, {
      userId,
      token,
      expiresAt: new Date(expiresAt),
    });
    const member = await findMember(tenant, userId);
    if (!isFirstUse || !member) throw ProviderErrors.Stale();
    const organization = await requireEnabledOrganization(tenant);
    return signIn(tenant, { user: member, organization, role: member.role, ...authentication });
  });
}
