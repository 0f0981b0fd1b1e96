import { createHash } from 'node:crypto';
import { type Context, defineAction } from '@insightdesk/shared/context';
import { spendOnce } from '@insightdesk/shared/domain/identity/mfa';
import {
  factorCode,
  findMember,
  openSession,
  prove,
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
import { type Arrival, openArrival } from './authorization-request.ts';
import { ProviderErrors } from './errors.ts';
import { requireOpenProvider } from './require-provider.ts';

/** Gives the page that began its session: once, within a minute, and past the person's second factor. */
export const exchangeArrival = defineAction({
  summary: 'Fetch the session after signing in by an identity provider',
  input: z.strictObject({
    token: z.string().max(2_000),
    verifier: z.string().min(43).max(128),
    code: factorCode.optional().describe('Of the second factor, if one is set up'),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, { token, verifier, code }) {
    const arrival = openArrival(ctx, token);
    if (createHash('sha256').update(verifier).digest('base64url') !== arrival.challenge) {
      throw ProviderErrors.Stale();
    }
    const { userId, tenantId, providerId } = arrival;
    const { assuresTwoFactor } = await ctx.database.read({ tenantId }, (tx) =>
      requireOpenProvider({ ...ctx, tenantId, tx }, providerId),
    );
    const proof = await prove(ctx, userId, { by: 'provider', providerId, assuresTwoFactor, code });
    return open(ctx, arrival, token, proof);
  },
});

function open(
  ctx: Context,
  { userId, tenantId, expiresAt }: Arrival,
  token: string,
  proof: Awaited<ReturnType<typeof prove>>,
) {
  return ctx.database.write({ tenantId, userId }, async (tx) => {
    const tenant = { ...ctx, tenantId, tx };
    const isFirst = await spendOnce(tx, { userId, token, expiresAt: new Date(expiresAt) });
    const member = await findMember(tenant, userId);
    if (!isFirst || !member) throw ProviderErrors.Stale();
    const [organization] = await tx
      .select()
      .from(organizations)
      .where(eq(organizations.id, tenantId));
    if (!organization || organization.disabledAt) throw TenantErrors.Disabled();
    const pair = await openSession(tenant, { tenantId, userId, role: member.role, ...proof });
    return { user: toUser(member), organization: toOrganization(organization), ...pair };
  });
}
