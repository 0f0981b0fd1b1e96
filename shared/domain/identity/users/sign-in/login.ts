import { defineAction, email, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { toOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { z } from 'zod';
import { requireCredentials } from '../accounts/find-by-credentials.ts';
import { currentPassword } from '../accounts/password-fields.ts';
import { requireUnchangedPassword } from '../accounts/require-unchanged-password.ts';
import { toUser } from '../accounts/view.ts';
import { createSession } from '../sessions/create-session.ts';
import { twoFactorCode } from '../two-factor/two-factor-fields.ts';
import { chooseOrganization } from './choose-organization.ts';
import { verifySecondFactor } from './verify-second-factor.ts';
import { signedInView } from './view.ts';

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
    const authentication = await verifySecondFactor(ctx, user.id, {
      by: 'password',
      code: input.code,
    });
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId: organization.id } as const;
    const pair = await withTenant(anonymous, async (tenant) => {
      await requireUnchangedPassword(tenant, user);
      return createSession(tenant, {
        tenantId: organization.id,
        userId: user.id,
        role,
        ...authentication,
      });
    });
    return { user: toUser(user), organization: toOrganization(organization), ...pair };
  },
});
