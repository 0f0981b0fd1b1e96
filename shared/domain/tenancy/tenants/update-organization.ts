import { defineAction, displayName } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { TenantErrors } from './errors.ts';
import { organizationUpdated } from './events.ts';
import { organizations } from './tables.ts';
import { organizationView, toOrganization } from './view.ts';

const signInSettings = z.object({ emailCodeSignIn: z.boolean(), anonymousVisitors: z.boolean() });

/** Updates the settings of the organization; live sessions and sockets follow them at once. */
export const updateOrganization = defineAction({
  summary: 'Update the organization',
  input: z
    .strictObject({
      name: displayName(200).optional(),
      requireTwoFactor: z.boolean().optional(),
      emailCodeSignIn: z
        .boolean()
        .optional()
        .describe('Whether customers sign in with a code that is emailed to them'),
      anonymousVisitors: z
        .boolean()
        .optional()
        .describe('Whether visitors may write without identifying themselves'),
    })
    .refine((changes) => Object.keys(changes).length > 0, 'Must have a field'),
  output: z
    .object({
      ...organizationView.shape,
      requireTwoFactor: z.boolean(),
      ...signInSettings.shape,
    })
    .meta({ id: 'OrganizationSettings' }),
  allow: 'organization:manage',
  transaction: 'write',
  async run(ctx, { name, requireTwoFactor, emailCodeSignIn, anonymousVisitors }) {
    if (requireTwoFactor && !ctx.settings.twoFactorEnabled) throw TenantErrors.TwoFactorDisabled();
    const [row] = await ctx.tx
      .update(organizations)
      .set({
        ...(name !== undefined && { name }),
        ...(requireTwoFactor !== undefined && { requireTwoFactor }),
        ...(emailCodeSignIn !== undefined && { emailCodeSignIn }),
        ...(anonymousVisitors !== undefined && { anonymousVisitors }),
      })
      .where(eq(organizations.id, ctx.tenantId))
      .returning();
    if (!row) throw TenantErrors.NotFound();
    const settings = {
      requireTwoFactor: row.requireTwoFactor,
      emailCodeSignIn: row.emailCodeSignIn,
      anonymousVisitors: row.anonymousVisitors,
    };
    await record(ctx, organizationUpdated, { name: row.name, ...settings });
    return { ...toOrganization(row), ...settings };
  },
});
