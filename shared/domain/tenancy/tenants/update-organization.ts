import { defineAction } from '@insightdesk/shared/context';
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
  input: z.strictObject({ requireTwoFactor: z.boolean() }),
  output: z.object({ ...organizationView.shape, requireTwoFactor: z.boolean() }),
  allow: 'organization:manage',
  transaction: 'write',
  async run(ctx, { requireTwoFactor }) {
    const [row] = await ctx.tx
      .update(organizations)
      .set({ requireTwoFactor })
      .where(eq(organizations.id, ctx.tenantId))
      .returning();
    if (!row) throw TenantErrors.NotFound();
    await record(ctx, organizationUpdated, { requireTwoFactor });
    return { ...toOrganization(row), requireTwoFactor };
  },
});
