import { defineAction, displayName } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { TenantErrors } from './errors.ts';
import { organizationUpdated } from './events.ts';
import { organizationSettings, settingChanges, toSettings } from './settings.ts';
import { organizations } from './tables.ts';
import { organizationView, toOrganization } from './view.ts';

/** Updates the settings of the organization; live sessions and sockets follow them at once. */
export const updateOrganization = defineAction({
  summary: 'Update the organization',
  input: z
    .strictObject({ name: displayName(200).optional(), ...settingChanges })
    .refine((changes) => Object.keys(changes).length > 0, 'Must have a field'),
  output: z
    .object({ ...organizationView.shape, ...organizationSettings })
    .meta({ id: 'OrganizationSettings' }),
  allow: 'organization:manage',
  transaction: 'write',
  async run(ctx, changes) {
    if (changes.requireTwoFactor && !ctx.settings.twoFactorEnabled) {
      throw TenantErrors.TwoFactorDisabled();
    }
    const values = Object.entries(changes).filter(([, value]) => value !== undefined);
    const [row] = await ctx.tx
      .update(organizations)
      .set(Object.fromEntries(values))
      .where(eq(organizations.id, ctx.tenantId))
      .returning();
    if (!row) throw TenantErrors.NotFound();
    const settings = toSettings(row);
    await record(ctx, organizationUpdated, { name: row.name, ...settings });
    return { ...toOrganization(row), ...settings };
  },
});
