import {
  type Permission,
  permissionDependencies,
  permissionsOf,
  type Role,
} from '@insightdesk/shared/contract';

/** Why a member with this role cannot have these permissions; undefined if they can. */
export function invalidPermissionSet(
  role: Role,
  permissions: readonly Permission[],
): string | undefined {
  const rolePermissions = permissionsOf(role);
  const excess = permissions.filter((name) => !rolePermissions.includes(name));
  if (excess.length > 0) return `The role ${role} does not have ${excess.join(', ')}`;
  for (const name of permissions) {
    const missing =
      permissionDependencies[name]?.filter((needed) => !permissions.includes(needed)) ?? [];
    if (missing.length > 0) return `${name} requires ${missing.join(', ')}`;
  }
  return undefined;
}
