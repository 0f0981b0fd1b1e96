import { can, type MemberActor } from '@insightdesk/shared/context';
import { permissionsOf, type Role } from '@insightdesk/shared/contract';

type Inviter = Pick<MemberActor, 'userId' | 'role' | 'grant'>;

/** Whether somebody may offer others this role: nobody offers more than they have. */
export function mayOffer(inviter: Inviter, role: Role): boolean {
  if (!can(inviter, 'customers:invite')) return false;
  const standing = { kind: 'standing', role, permissions: permissionsOf(role) } as const;
  return role === 'customer' || can(inviter, 'members:manage', standing);
}
