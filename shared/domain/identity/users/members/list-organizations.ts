import { defineAction, requireLiveSession } from '@insightdesk/shared/context';
import { roles } from '@insightdesk/shared/contract';
import { organizationView, toOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { z } from 'zod';
import { listMemberships } from './list-memberships.ts';

const membershipView = z
  .object({
    organization: organizationView,
    role: z.enum(roles),
    current: z.boolean(),
    disabled: z.boolean(),
  })
  .meta({ id: 'Membership' });

export const listOrganizations = defineAction({
  summary: "List the caller's organizations",
  input: z.strictObject({}),
  output: z.object({ items: z.array(membershipView), nextCursor: z.null() }),
  allow: 'account:read',
  transaction: 'own',
  async run(ctx) {
    await requireLiveSession(ctx);
    const memberships = await listMemberships(ctx, ctx.actor.userId);
    const items = memberships.map(({ role, disabledAt, ...organization }) => ({
      organization: toOrganization(organization),
      role,
      current: organization.id === ctx.tenantId,
      disabled: disabledAt !== null,
    }));
    return { items, nextCursor: null };
  },
});
