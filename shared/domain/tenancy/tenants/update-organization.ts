import { defineAction, displayName } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { TenantErrors } from './errors.ts';
import { organizationUpdated } from './events.ts';
import { organizations } from './tables.ts';
import { organizationView, toOrganization } from './view.ts';

/** Updates the settings of the organization; live sessions and sockets follow them at once. */
export const updateOrganization = defineAction({
  summary: 'Update the organization',
  input: z
    .strictObject({
      name: displayName(200).optional(),
      requireTwoFactor: z.boolean().optional(),
    })
    .refine((changes) => Object.keys(changes).length > 0, 'Must have a field'),
  output: z
    .object({ ...organizationView.shape, requireTwoFactor: z.boolean() })
    .meta({ id: 'OrganizationSettings' }),
  allow: 'organization:manage',
  transaction: 'write',
  async run(ctx, { name, requireTwoFactor }) {
    if (requireTwoFactor && !ctx.settings.twoFactorEnabled) throw TenantErrors.TwoFactorDisabled();
    const [row] = await ctx.tx
      .update(organizations)
      .set({
        ...(name !== undefined && { name }),
        ...(requireTwoFactor !== undefined && { requireTwoFactor }),
      })
      .where(eq(organizations.id, ctx.tenantId))
      .returning();
    if (!row) throw TenantErrors.NotFound();
    const updated = { name: row.name, requireTwoFactor: row.requireTwoFactor };
    await record(ctx, organizationUpdated, updated);
    return { ...toOrganization(row), requireTwoFactor: row.requireTwoFactor };
  },
});
