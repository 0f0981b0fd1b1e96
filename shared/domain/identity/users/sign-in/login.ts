import { defineAction, email, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { currentPassword, twoFactorCode } from '../accounts/credential-fields.ts';
import { requireCredentials } from '../accounts/find-by-credentials.ts';
import { requireUnchangedPassword } from '../accounts/require-unchanged-password.ts';
import { chooseOrganization } from '../members/list-memberships.ts';
import { signedInView, signIn } from './sign-in.ts';
import { verifySecondFactor } from './verify-second-factor.ts';

/** Without an organization, the user's first one that is not disabled. */
export const login = defineAction({
  summary: 'Log in',
  input: z.strictObject({
    email: email(),
    password: currentPassword,
    organizationId: idSchema('org').optional(),
    code: twoFactorCode.optional().describe('Code of the second factor, if one is set up'),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    const user = await requireCredentials(ctx, input);
    const { organization, role } = await chooseOrganization(ctx, user.id, input.organizationId);
    const method = { by: 'password', code: input.code } as const;
    const authentication = await verifySecondFactor(ctx, user.id, method);
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId: organization.id } as const;
    return withTenant(anonymous, async (tenant) => {
      await requireUnchangedPassword(tenant, user);
      return signIn(tenant, { user, organization, role, ...authentication });
    });
  },
});
