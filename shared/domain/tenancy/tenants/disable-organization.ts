import { type Context, withTenant } from '@insightdesk/shared/context';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { type EventDefinition, record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { TenantErrors } from './errors.ts';
import { organizationDisabled, organizationEnabled } from './events.ts';
import { organizations } from './tables.ts';

/**
 * Disables the context's organization: members lose access and sockets close, data and jobs stay.
 * Only for the system; false when it was disabled already.
 */
export const disableOrganization = (ctx: Context): Promise<boolean> =>
  setDisabledAt(ctx, new Date(), organizationDisabled);

/** Enables the context's organization; sessions are valid again. False when it was enabled already. */
export const enableOrganization = (ctx: Context): Promise<boolean> =>
  setDisabledAt(ctx, null, organizationEnabled);

function setDisabledAt(
  ctx: Context,
  disabledAt: Date | null,
  event: EventDefinition,
): Promise<boolean> {
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
