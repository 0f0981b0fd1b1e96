import { defineAction, displayName } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { TenantErrors } from './errors.ts';
import { organizationUpdated } from './events.ts';
import { organizations, staffNames } from './tables.ts';
import { organizationView, toOrganization } from './view.ts';

/** Updates the settings of the organization; live sessions and sockets follow them at once. */
export const updateOrganization = defineAction({
  summary: 'Update the organization',
  input: z
    .strictObject({
      name: displayName(200).optional(),
      requireTwoFactor: z.boolean().optional(),
      staffNames: z
        .enum(staffNames)
        .optional()
        .describe('What customers see of staff: full names, first names or the team name only'),
      teamName: displayName(200)
        .nullable()
        .optional()
        .describe('Shown for `team`; null: the name of the organization'),
    })
    .refine((changes) => Object.keys(changes).length > 0, 'Must have a field'),
  output: z.object({
    ...organizationView.shape,
    requireTwoFactor: z.boolean(),
    staffNames: z.enum(staffNames),
    teamName: z.string().nullable(),
  }),
  allow: 'organization:manage',
  transaction: 'write',
  async run(ctx, changes) {
    const isRequired = changes.requireTwoFactor;
    if (isRequired && !ctx.settings.twoFactorEnabled) throw TenantErrors.TwoFactorDisabled();
    const [row] = await ctx.tx
      .update(organizations)
      .set(changes)
      .where(eq(organizations.id, ctx.tenantId))
      .returning();
    if (!row) throw TenantErrors.NotFound();
    const { name, requireTwoFactor, staffNames, teamName } = row;
    const updated = { name, requireTwoFactor, staffNames, teamName };
    await record(ctx, organizationUpdated, updated);
    return { ...toOrganization(row), ...updated };
  },
});
