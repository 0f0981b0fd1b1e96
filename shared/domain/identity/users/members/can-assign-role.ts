import { can, type UserActor } from '@insightdesk/shared/context';
import { permissionsOf, type Role } from '@insightdesk/shared/contract';

type Inviter = Pick<UserActor, 'kind' | 'userId' | 'role' | 'restriction'>;

/** Whether the inviter has all permissions of the role. */
export function canAssignRole(inviter: Inviter, role: Role): boolean {
  if (!can(inviter, 'customers:invite')) return false;
  const privileges = { kind: 'privileges', role, permissions: permissionsOf(role) } as const;
  return role === 'customer' || can(inviter, 'members:manage', privileges);
}
