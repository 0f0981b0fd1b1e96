import { type Context, type QuotaName, withTenant } from '@insightdesk/shared/context';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { eq } from 'drizzle-orm';
import { TenantErrors } from './errors.ts';
import { organizations, quotas } from './tables.ts';

/** Sets a quota of the context's organization in place of the default; only for the system. */
export function updateQuota(
  ctx: Context,
  quota: { metric: QuotaName; value: number },
): Promise<void> {
  if (ctx.actor.kind !== 'system') throw new ForbiddenError();
  return withTenant(ctx, async ({ tx, tenantId }) => {
    const self = eq(organizations.id, tenantId);
    const [organization] = await tx
      .select({ id: organizations.id })
      .from(organizations)
      .where(self);
    if (!organization) throw TenantErrors.NotFound();
    await tx
      .insert(quotas)
      .values({ tenantId, ...quota })
      .onConflictDoUpdate({ target: [quotas.tenantId, quotas.metric], set: quota });
  });
}
