import {
  can,
  type TenantContext,
  type UserActor,
  type UserTenantContext,
} from '@insightdesk/shared/context';
import { type Id, permissionsOf, type Role } from '@insightdesk/shared/contract';
import { and, eq, isNull } from 'drizzle-orm';
import { AccountErrors } from '../accounts/errors.ts';
import { findPermissionRestriction } from '../sessions/find-permission-restriction.ts';
import { members, users } from '../tables.ts';
import { InvitationErrors, MemberErrors } from './errors.ts';
import { memberById } from './find-member.ts';

type Inviter = Pick<UserActor, 'kind' | 'userId' | 'role' | 'restriction'>;

/** Whether the inviter has all permissions of the role. */
function canAssignRole(inviter: Inviter, role: Role): boolean {
  if (!can(inviter, 'customers:invite')) return false;
  const privileges = { kind: 'privileges', role, permissions: permissionsOf(role) } as const;
  return role === 'customer' || can(inviter, 'members:manage', privileges);
}

/** Throws 403 unless the caller can assign the role and has a verified address. */
export async function requireCanInvite(
  { tx, actor, settings }: UserTenantContext,
  role: Role,
): Promise<void> {
  if (!canAssignRole(actor, role)) throw MemberErrors.RoleNotAssignable();
  if (!settings.requiresVerifiedEmail) return;
  const [inviter] = await tx
    .select({ verifiedAt: users.emailVerifiedAt })
    .from(users)
    .where(eq(users.id, actor.userId));
  if (!inviter?.verifiedAt) throw AccountErrors.EmailNotVerified();
}

/** Throws 422 unless the inviter can still assign the role; locks the inviter until the commit. */
export async function requireInviterCanInvite(
  tenant: TenantContext,
  { invitedBy: userId, role }: { invitedBy: Id<'usr'>; role: Role },
): Promise<void> {
  const [inviter] = await tenant.tx
    .select({ role: members.role })
    .from(members)
    .where(and(memberById(tenant, userId), isNull(members.removedAt)))
    .for('share');
  if (!inviter) throw InvitationErrors.Invalid();
  const restriction = await findPermissionRestriction(tenant, {
    tenantId: tenant.tenantId,
    userId,
  });
  if (!canAssignRole({ kind: 'user', userId, role: inviter.role, restriction }, role))
    throw InvitationErrors.Invalid();
}
