import { defineAction, email } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { toOrganization } from '@insightdesk/shared/domain/tenants';
import { z } from 'zod';
import { chooseOrganization } from './choose-organization.ts';
import { requireCredentials } from './credentials.ts';
import { factorCode } from './factor-fields.ts';
import { signIn } from './sign-in.ts';
import { signedInView, toUser } from './view.ts';

/** Signs a person in to one of its organisations, unless told the first that is not disabled. */
export const login = defineAction({
  summary: 'Sign in',
  input: z.strictObject({
    email: email(),
    password: z.string().max(200),
    organizationId: idSchema('org').optional(),
    code: factorCode.optional().describe('Of the second factor, if one is set up'),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    const user = await requireCredentials(ctx, input);
    const { organization, role } = await chooseOrganization(ctx, user.id, input.organizationId);
    const subject = { tenantId: organization.id, userId: user.id, role };
    const pair = await signIn(ctx, subject, { by: 'password', code: input.code });
    return { user: toUser(user), organization: toOrganization(organization), ...pair };
  },
});
