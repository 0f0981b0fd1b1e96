import {
  effectivePermissions,
  type MemberTenantContext,
  requireCan,
} from '@insightdesk/shared/context';
import type { Id, Role } from '@insightdesk/shared/contract';
import { findPermissionRestriction } from '../sessions/find-permission-restriction.ts';

/** Throws 403 when the member has permissions that the caller does not have. */
export async function requireCanManage(
  ctx: MemberTenantContext,
  { id: userId, role }: { id: Id<'usr'>; role: Role },
): Promise<void> {
  const { tenantId } = ctx;
  const restriction = await findPermissionRestriction(ctx, { tenantId, userId });
  const permissions = effectivePermissions({ kind: 'user', role, restriction });
  requireCan(ctx.actor, 'members:manage', { kind: 'member', role, permissions });
}
