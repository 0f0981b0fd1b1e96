import { defineAction, email, displayName, withTenant } from '@insightdesk/shared/context';
import { organizations, toOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { requestAccountLink } from '../accounts/account-links.ts';
import { createAccount, password, rejectWeakPassword } from '../accounts/find-by-credentials.ts';
import { organizationCreated } from '../events.ts';
import { createSession } from '../sessions/create-session.ts';
import { members } from '../tables.ts';
import { signedInView, toUser } from '../view.ts';

/**
 * Founds an organisation; the caller becomes its owner, by an account of its own whoever else has
 * this address. Until a mail shows that it is his, the account can do little to others.
 */
export const register = defineAction({
  summary: 'Register a person and found an organisation',
  input: z.strictObject({ email: email(), password, name: displayName(200), organizationName: displayName(200) }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    rejectWeakPassword(input.password, [input.email, input.name, input.organizationName]);
    const organization = { id: newId('org'), name: input.organizationName };
    const user = { id: newId('usr'), email: input.email, name: input.name };
    const passwordHash = await ctx.security.passwords.hash(input.password);
    const subject = { tenantId: organization.id, userId: user.id, role: 'owner' as const };
    const founding = { ...ctx, actor: { kind: 'anonymous' }, tenantId: organization.id } as const;
    const pair = await withTenant(founding, async (tenant) => {
      const { tx } = tenant;
      await tx.insert(organizations).values(organization);
      await createAccount(tenant, user, passwordHash);
      await tx.insert(members).values(subject);
      await record(tenant, organizationCreated, { name: organization.name, ownerId: user.id });
      await requestAccountLink(tenant, { purpose: 'verify', userId: user.id, email: user.email });
      return createSession(tenant, subject);
    });
    return { user: toUser(user), organization: toOrganization(organization), ...pair };
  },
});
