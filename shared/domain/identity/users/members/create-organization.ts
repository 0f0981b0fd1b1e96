import { defineAction, displayName, withTenant } from '@insightdesk/shared/context';
import { organizations, organizationView } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from '../errors.ts';
import { organizationCreated } from '../events.ts';
import { members, users } from '../tables.ts';
import { quotaKey, secondsUntilReset, consumeDailyQuota } from '../accounts/consume-daily-quota.ts';

const FOUNDED_PER_DAY = 10;

/** Founds another organisation, whose owner is the caller; it comes in by switching to it. */
export const createOrganization = defineAction({
  summary: 'Found another organisation',
  input: z.strictObject({ name: displayName(200) }),
  output: z.object({ organization: organizationView }),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, input) {
    const { userId } = ctx.actor;
    await withTenant(ctx, async (tenant) => {
      const [self] = await tenant.tx.select().from(users).where(eq(users.id, userId));
      if (!self) throw UserErrors.NotFound();
      const isProven = self.emailVerifiedAt !== null || !ctx.settings.requiresVerifiedEmail;
      if (!isProven) throw UserErrors.EmailNotVerified();
      const mayFound = await consumeDailyQuota(tenant, quotaKey('founded', userId), FOUNDED_PER_DAY);
      if (!mayFound) throw UserErrors.TooManyOrganizations(secondsUntilReset());
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
