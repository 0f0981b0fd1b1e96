import { type Context, withTenant } from '@insightdesk/shared/context';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { type EventDefinition, record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { TenantErrors } from './errors.ts';
import { organizations } from './tables.ts';

/** Whether the context's organisation is shut out, for the system only; false when it was so already. */
export function setDisabled(
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
