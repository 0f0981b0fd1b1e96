import {
  type Permission,
  permissionNeeds,
  permissionsOf,
  type Role,
} from '@insightdesk/shared/contract';

/** What is wrong with giving these permissions to a holder of the role; undefined when nothing is. */
export function invalidPermissionSet(role: Role, permissions: readonly Permission[]): string | undefined {
  const ofRole = permissionsOf(role);
  const beyond = permissions.filter((name) => !ofRole.includes(name));
  if (beyond.length > 0) return `The role ${role} does not have ${beyond.join(', ')}`;
  for (const name of permissions) {
    const missing = permissionNeeds[name]?.filter((needed) => !permissions.includes(needed)) ?? [];
    if (missing.length > 0) return `${name} is given together with ${missing.join(', ')} only`;
  }
  return undefined;
}
