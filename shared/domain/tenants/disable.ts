import { type Context, withTenant } from '@insightdesk/shared/context';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { type EventDefinition, record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { TenantErrors } from './errors.ts';
import { organizationDisabled, organizationEnabled } from './events.ts';
import { organizations } from './tables.ts';

/**
 * Shuts everyone out of the context's organisation, and closes their sockets; its data is kept and
 * its jobs go on. For the system only; false when it was so already.
 */
export const disableOrganization = (ctx: Context): Promise<boolean> =>
  setDisabled(ctx, new Date(), organizationDisabled);

/** Lets everyone in again, with the sessions they had; false when it was so already. */
export const enableOrganization = (ctx: Context): Promise<boolean> =>
  setDisabled(ctx, null, organizationEnabled);

function setDisabled(ctx: Context, disabledAt: Date | null, event: EventDefinition) {
  if (ctx.actor.kind !== 'system') throw new ForbiddenError();
  return withTenant(ctx, async (tenant) => {
    const { tx, tenantId } = tenant;
    const self = eq(organizations.id, tenantId);
    const [before] = await tx.select().from(organizations).where(self).for('update');
    if (!before) throw TenantErrors.NotFound();
    if ((before.disabledAt === null) === (disabledAt === null)) return false;
    await tx.update(organizations).set({ disabledAt }).where(self);
    await record(tenant, event, {});
    return true;
  });
}
