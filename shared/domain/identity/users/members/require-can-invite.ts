import type { TenantContext, UserTenantContext } from '@insightdesk/shared/context';
import type { Id, Role } from '@insightdesk/shared/contract';
import { and, eq, isNull } from 'drizzle-orm';
import { UserErrors } from '../errors.ts';
import { findPermissionRestriction } from '../sessions/find-permission-restriction.ts';
import { canAssignRole } from './can-assign-role.ts';
import { memberById } from './find-member.ts';
import { members, users } from '../tables.ts';

/** Throws 403 unless the caller, whose address is verified, may offer this role. */
export async function requireCanInvite(
  { tx, actor, settings }: UserTenantContext,
  offered: Role,
): Promise<void> {
  if (!canAssignRole(actor, offered)) throw UserErrors.MayNotOffer();
  if (!settings.requiresVerifiedEmail) return;
  const [inviter] = await tx
    .select({ verifiedAt: users.emailVerifiedAt })
    .from(users)
    .where(eq(users.id, actor.userId));
  if (!inviter?.verifiedAt) throw UserErrors.EmailNotVerified();
}

/** Throws 422 unless whoever invited may still offer what he did; keeps it so until the commit. */
export async function requireInviterCanInvite(
  tenant: TenantContext,
  { invitedBy: userId, role }: { invitedBy: Id<'usr'>; role: Role },
): Promise<void> {
  const [inviter] = await tenant.tx
    .select({ role: members.role })
    .from(members)
    .where(and(memberById(tenant, userId), isNull(members.removedAt)))
    .for('share');
  if (!inviter) throw UserErrors.InvitationInvalid();
  const restriction = await findPermissionRestriction(tenant, { tenantId: tenant.tenantId, userId });
  if (!canAssignRole({ kind: 'user', userId, role: inviter.role, restriction }, role))
    throw UserErrors.InvitationInvalid();
}
