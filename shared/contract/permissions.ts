import { managerRoles, type Role, roles, staffRoles } from './roles.ts';

/** Who may do what: the one list that actions, routes, channels and documents follow. */
export const permissions = {
  'account:read': roles,
  'account:manage': roles,
  'conversations:read': roles,
  'conversations:open': roles,
  'conversations:reply': roles,
  'conversations:manage': staffRoles,
  'attachments:read': roles,
  'attachments:upload': roles,
  'members:read': staffRoles,
  'members:manage': managerRoles,
  'customers:invite': staffRoles,
  'owners:manage': ['owner'],
  'organization:manage': ['owner'],
  'providers:manage': ['owner'],
  'jobs:read': managerRoles,
  'jobs:manage': managerRoles,
  'webhooks:read': managerRoles,
  'webhooks:manage': managerRoles,
  'events:send': managerRoles,
} as const satisfies Record<string, readonly Role[]>;

/** What a member may be allowed to do: `<what>:<verb>`. */
export type Permission = keyof typeof permissions;

export const permissionNames = Object.keys(permissions) as readonly Permission[];

/** The roles that have this permission. */
export const rolesThatMay = (permission: Permission): readonly Role[] => permissions[permission];

/** Everything a role may do. */
export const permissionsOf = (role: Role): readonly Permission[] =>
  permissionNames.filter((name) => rolesThatMay(name).includes(role));
