import { can, type UserActor } from '@insightdesk/shared/context';
import { permissionsOf, type Role } from '@insightdesk/shared/contract';

type Inviter = Pick<UserActor, 'kind' | 'userId' | 'role' | 'restriction'>;

/** Whether somebody may offer others this role: nobody offers more than they have. */
export function canAssignRole(inviter: Inviter, role: Role): boolean {
  if (!can(inviter, 'customers:invite')) return false;
  const standing = { kind: 'privileges', role, permissions: permissionsOf(role) } as const;
  return role === 'customer' || can(inviter, 'members:manage', standing);
}
