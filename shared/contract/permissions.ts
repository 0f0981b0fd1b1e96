import type { Id } from './ids.ts';

/** Roles of a member, strongest first. */
export const roles = ['owner', 'admin', 'agent', 'customer'] as const;
export type Role = (typeof roles)[number];

/** Roles of people who work for the organization. */
export const staffRoles = ['owner', 'admin', 'agent'] as const satisfies readonly Role[];
/** Roles that manage the members of the organization. */
export const managerRoles = ['owner', 'admin'] as const satisfies readonly Role[];

/** The roles of each permission; used by actions, routes, channels and documents. */
export const permissions = {
  'account:read': roles,
  'account:manage': roles,
  'channels:subscribe': roles,
  'channels:signal': roles,
  'conversations:read': roles,
  'conversations:open': roles,
  'conversations:reply': roles,
  'conversations:manage': staffRoles,
  'message-history:delete': managerRoles,
  'contacts:read': staffRoles,
  'contacts:manage': staffRoles,
  'contacts:act': managerRoles,
  'attachments:read': roles,
  'attachments:upload': roles,
  'members:read': staffRoles,
  'members:manage': managerRoles,
  'customers:invite': staffRoles,
  'owners:manage': ['owner'],
  'organization:manage': ['owner'],
  'providers:manage': ['owner'],
  'identity-keys:manage': ['owner'],
  'email-templates:manage': managerRoles,
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

/** A permission of a member: `<resource>:<verb>`. */
export type Permission = keyof typeof permissions;

export const permissionNames = Object.keys(permissions) as readonly Permission[];

export const rolesWithPermission = (permission: Permission): readonly Role[] =>
  permissions[permission];

export const permissionsOf = (role: Role): readonly Permission[] =>
  permissionNames.filter((name) => rolesWithPermission(name).includes(role));

/** Permissions for the user's own account, which no custom role restricts. */
export const accountPermissions: readonly Permission[] = ['account:read', 'account:manage'];

/** Permissions of users only: no API key can have them. */
const userPermissions = [
  'account:manage',
  'customers:invite',
  'owners:manage',
  'organization:manage',
  'providers:manage',
  'identity-keys:manage',
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

export const keyPermissions: readonly Permission[] = permissionNames.filter(
  (name) => !isUserPermission(name),
);

/** Permissions that require others, because they give access to the same data. */
export const permissionDependencies: Partial<Record<Permission, readonly Permission[]>> = {
  'attachments:read': ['conversations:read'],
  'contacts:act': ['contacts:read', 'conversations:read'],
  'contacts:manage': ['contacts:read'],
  'conversations:manage': ['conversations:read'],
  'conversations:open': ['conversations:read'],
  'conversations:reply': ['conversations:read'],
  'members:manage': ['members:read'],
  'message-history:delete': ['conversations:manage', 'conversations:read'],
  'webhooks:manage': ['conversations:read', 'members:read'],
};

/** The roles that a custom role may restrict. */
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
