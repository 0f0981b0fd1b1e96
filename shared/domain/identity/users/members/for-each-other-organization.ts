import {
  systemContext,
  type TenantContext,
  type UserContext,
  withTenant,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';

/**
 * Calls `run` as the system in each organization of the caller except the current one, one
 * transaction each.
 */
export async function forEachOtherOrganization<M extends { id: Id<'org'> }>(
  ctx: UserContext,
  memberships: readonly M[],
  run: (tenant: TenantContext, membership: M) => Promise<unknown>,
): Promise<void> {
  const { requestId } = ctx;
  for (const membership of memberships) {
    const tenantId = membership.id;
    if (tenantId === ctx.tenantId) continue;
    await withTenant(systemContext(ctx, 'accounts', { tenantId, requestId }), (tenant) =>
      run(tenant, membership),
    );
  }
}
