import { defineAction, email, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { toOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { z } from 'zod';
import { chooseOrganization } from './choose-organization.ts';
import { requireCredentials, requireUnchangedPassword } from '../accounts/find-by-credentials.ts';
import { twoFactorCode } from '../two-factor/two-factor-fields.ts';
import { createSession } from '../sessions/create-session.ts';
import { verifySecondFactor } from './verify-second-factor.ts';
import { signedInView, toUser } from '../view.ts';

/** Signs a person in to one of its organisations, unless told the first that is not disabled. */
export const login = defineAction({
  summary: 'Sign in',
  input: z.strictObject({
    email: email(),
    password: z.string().max(200),
    organizationId: idSchema('org').optional(),
    code: twoFactorCode.optional().describe('Of the second factor, if one is set up'),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    const user = await requireCredentials(ctx, input);
    const { organization, role } = await chooseOrganization(ctx, user.id, input.organizationId);
    const proof = await verifySecondFactor(ctx, user.id, { by: 'password', code: input.code });
    const there = { ...ctx, actor: { kind: 'anonymous' }, tenantId: organization.id } as const;
    const pair = await withTenant(there, async (tenant) => {
      await requireUnchangedPassword(tenant, user);
      return createSession(tenant, { tenantId: organization.id, userId: user.id, role, ...proof });
    });
    return { user: toUser(user), organization: toOrganization(organization), ...pair };
  },
});
