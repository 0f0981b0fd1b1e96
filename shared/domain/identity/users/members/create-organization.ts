import { defineAction, displayName, withTenant } from '@insightdesk/shared/context';
import { organizations, organizationView } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { quotaKey, requireDailyQuota } from '../accounts/consume-daily-quota.ts';
import { AccountErrors } from '../accounts/errors.ts';
import { requireRegistration } from '../accounts/require-registration.ts';
import { requireRegistrationQuota } from '../accounts/require-registration-quota.ts';
import { members, users } from '../tables.ts';
import { MemberErrors } from './errors.ts';
import { organizationCreated } from './events.ts';

const MAX_ORGANIZATIONS_PER_DAY = 10;

/** Creates an organization with the caller as its owner, who can then switch to it. */
export const createOrganization = defineAction({
  summary: 'Create an organization',
  input: z.strictObject({ name: displayName(200) }),
  output: z.object({ organization: organizationView }).meta({ id: 'CreatedOrganization' }),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, input) {
    const { userId } = ctx.actor;
    requireRegistration(ctx, 'anyone');
    await withTenant(ctx, async (tenant) => {
      const [self] = await tenant.tx.select().from(users).where(eq(users.id, userId));
      if (!self) throw AccountErrors.NotFound();
      const isVerified = self.emailVerifiedAt !== null || !ctx.settings.requiresVerifiedEmail;
      if (!isVerified) throw AccountErrors.EmailNotVerified();
      await requireRegistrationQuota(tenant);
      await requireDailyQuota(tenant, quotaKey('organizations', userId), {
        max: MAX_ORGANIZATIONS_PER_DAY,
        exceeded: MemberErrors.TooManyOrganizations,
      });
    });
    const organization = { id: newId('org'), name: input.name };
    const actor = { kind: 'system', name: 'accounts' } as const;
    await withTenant({ ...ctx, actor, tenantId: organization.id }, async (tenant) => {
      await tenant.tx.insert(organizations).values(organization);
      await tenant.tx.insert(members).values({ tenantId: organization.id, userId, role: 'owner' });
      await record(tenant, organizationCreated, { name: organization.name, ownerId: userId });
    });
    return { organization };
  },
});
