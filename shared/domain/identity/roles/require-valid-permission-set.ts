import {
  type Permission,
  permissionDependencies,
  permissionsOf,
  type Role,
} from '@insightdesk/shared/contract';
import { RoleErrors } from './errors.ts';

/** Throws 422 when a member with this role cannot have these permissions. */
export function requireValidPermissionSet(role: Role, permissions: readonly Permission[]): void {
  const rolePermissions = permissionsOf(role);
  const excess = permissions.filter((name) => !rolePermissions.includes(name));
  if (excess.length > 0)
    throw RoleErrors.InvalidPermissions(`The role ${role} does not have ${excess.join(', ')}`);
  for (const name of permissions) {
    const missing =
      permissionDependencies[name]?.filter((needed) => !permissions.includes(needed)) ?? [];
    if (missing.length > 0)
      throw RoleErrors.InvalidPermissions(`${name} requires ${missing.join(', ')}`);
  }
}
