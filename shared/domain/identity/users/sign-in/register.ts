import { defineAction, displayName, email, withTenant } from '@insightdesk/shared/context';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { createAccount } from '../accounts/create-account.ts';
import { newPassword, rejectWeakPassword } from '../accounts/credential-fields.ts';
import { requestEmailLink } from '../accounts/email-links.ts';
import { requireRegistration } from '../accounts/require-registration.ts';
import { requireRegistrationQuota } from '../accounts/require-registration-quota.ts';
import { organizationCreated } from '../members/events.ts';
import { members } from '../tables.ts';
import { signedInView, signIn } from './sign-in.ts';

/**
 * Creates an organization with a new user as its owner, also when other accounts have this address.
 * Until the address is verified, the account can do little that affects others.
 */
export const register = defineAction({
  summary: 'Register a user and create an organization',
  input: z.strictObject({
    email: email(),
    password: newPassword,
    name: displayName(200),
    organizationName: displayName(200),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    requireRegistration(ctx, 'anyone');
    rejectWeakPassword(input.password, [input.email, input.name, input.organizationName]);
    const organization = { id: newId('org'), name: input.organizationName };
    const user = { id: newId('usr'), email: input.email, name: input.name };
    const passwordHash = await ctx.security.passwords.hash(input.password);
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId: organization.id } as const;
    return withTenant(anonymous, async (tenant) => {
      const { tx, tenantId } = tenant;
      await requireRegistrationQuota(tenant);
      await tx.insert(organizations).values(organization);
      await createAccount(tenant, { ...user, passwordHash });
      await tx.insert(members).values({ tenantId, userId: user.id, role: 'owner' });
      await record(tenant, organizationCreated, { name: organization.name, ownerId: user.id });
      await requestEmailLink(tenant, { purpose: 'verify', userId: user.id, email: user.email });
      return signIn(tenant, { user, organization, role: 'owner' });
    });
  },
});
