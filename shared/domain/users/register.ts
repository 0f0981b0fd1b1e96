import { defineAction, email, line, withTenant } from '@insightdesk/shared/context';
import { violatedConstraint } from '@insightdesk/shared/database';
import { organizations, toOrganization } from '@insightdesk/shared/domain/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { password, refuseGuessable } from './credentials.ts';
import { UserErrors } from './errors.ts';
import { organizationCreated } from './events.ts';
import { openSession } from './session-tokens.ts';
import { members, users } from './tables.ts';
import { signedInView, toUser } from './view.ts';

/** Founds an organisation; the caller becomes its owner. */
export const register = defineAction({
  summary: 'Register a person and found an organisation',
  input: z.strictObject({ email: email(), password, name: line(200), organizationName: line(200) }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    refuseGuessable(input.password, [input.email, input.name, input.organizationName]);
    const organization = { id: newId('org'), name: input.organizationName };
    const user = { id: newId('usr'), email: input.email, name: input.name };
    const passwordHash = await ctx.passwords.hash(input.password);
    const subject = { tenantId: organization.id, userId: user.id, role: 'owner' as const };
    const pair = await withTenant({ ...ctx, tenantId: organization.id }, async (tenant) => {
      const { tx } = tenant;
      await tx.insert(organizations).values(organization);
      await tx.insert(users).values({ ...user, passwordHash });
      await tx.insert(members).values(subject);
      await record(tenant, organizationCreated, { name: organization.name, ownerId: user.id });
      return openSession(tenant, subject);
    }).catch((error) => {
      throw violatedConstraint(error) === 'users_email_unique' ? UserErrors.EmailTaken() : error;
    });
    return { user: toUser(user), organization: toOrganization(organization), ...pair };
  },
});
