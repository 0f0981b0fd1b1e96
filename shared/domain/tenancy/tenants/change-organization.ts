import { defineAction } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { TenantErrors } from './errors.ts';
import { organizationUpdated } from './events.ts';
import { organizations } from './tables.ts';
import { organizationView, toOrganization } from './view.ts';

/** Says what the organisation demands of its members; live sessions and sockets obey it at once. */
export const changeOrganization = defineAction({
  summary: 'Change the organisation',
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
