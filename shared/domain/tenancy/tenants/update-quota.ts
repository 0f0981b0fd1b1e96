import { type Context, type QuotaName, withTenant } from '@insightdesk/shared/context';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { requireOrganization } from './require-organization.ts';
import { quotas } from './tables.ts';

/** Sets a quota of the context's organization in place of the default; only for the system. */
export function updateQuota(
  ctx: Context,
  quota: { metric: QuotaName; value: number },
): Promise<void> {
  if (ctx.actor.kind !== 'system') throw new ForbiddenError();
  return withTenant(ctx, async (tenant) => {
    const { tx, tenantId } = tenant;
    await requireOrganization(tenant);
    await tx
      .insert(quotas)
      .values({ tenantId, ...quota })
      .onConflictDoUpdate({ target: [quotas.tenantId, quotas.metric], set: quota });
  });
}
