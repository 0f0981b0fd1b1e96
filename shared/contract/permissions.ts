import type { Id } from './ids.ts';
import { managerRoles, type Role, roles, staffRoles } from './roles.ts';

/** Who may do what: the one list that actions, routes, channels and documents follow. */
export const permissions = {
  'account:read': roles,
  'account:manage': roles,
  'channels:subscribe': roles,
  'channels:signal': roles,
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
  'roles:read': managerRoles,
  'roles:manage': ['owner'],
  'api-keys:read': managerRoles,
  'api-keys:manage': managerRoles,
  'usage:read': managerRoles,
  'audit:read': managerRoles,
  'flags:read': staffRoles,
  'flags:manage': ['owner'],
  'organization:export': ['owner'],
  'organization:erase': ['owner'],
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

/** Over one's own account: no custom role takes these away. */
export const ownPermissions: readonly Permission[] = ['account:read', 'account:manage'];

/** Permissions of users only: no API key can have them. */
const userPermissions = [
  'account:manage',
  'customers:invite',
  'owners:manage',
  'organization:manage',
  'providers:manage',
  'roles:manage',
  'api-keys:manage',
  'organization:export',
  'organization:erase',
] as const satisfies readonly Permission[];

export type UserPermission = (typeof userPermissions)[number];

/** Permissions that an API key can have. */
export type KeyPermission = Exclude<Permission, UserPermission>;

export const isUserPermission = (name: Permission): name is UserPermission =>
  (userPermissions as readonly Permission[]).includes(name);

/** All permissions that an API key can have. */
export const keyPermissions: readonly Permission[] = permissionNames.filter(
  (name) => !isUserPermission(name),
);

/** What shows or tells more than its own name says, and so is given together with that only. */
export const permissionNeeds: Partial<Record<Permission, readonly Permission[]>> = {
  'attachments:read': ['conversations:read'],
  'conversations:manage': ['conversations:read'],
  'conversations:open': ['conversations:read'],
  'conversations:reply': ['conversations:read'],
  'members:manage': ['members:read'],
  'webhooks:manage': ['conversations:read', 'members:read'],
};

/** The roles that a custom role may narrow. */
export const customRoleBases = ['admin', 'agent', 'customer'] as const satisfies readonly Role[];

/** Restricts the permissions of a role to these. */
export interface PermissionRestriction {
  permissions: readonly Permission[];
}

/** The restriction by a custom role, at one of its versions. */
export interface CustomRoleRestriction extends PermissionRestriction {
  roleId: Id<'rol'>;
  version: number;
}

/** Whether an operator may use it while impersonating a member: reading, and answering customers. */
export const isAllowedWhileImpersonating = (permission: Permission): boolean =>
  permission.endsWith(':read') || /^(conversations|attachments):/.test(permission);
