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

/** What is a person's alone: no API key is given these. */
const personal: readonly Permission[] = [
  'account:manage',
  'customers:invite',
  'owners:manage',
  'organization:manage',
  'providers:manage',
  'roles:manage',
  'api-keys:manage',
  'organization:export',
  'organization:erase',
];

/** What an API key may be given. */
export const keyPermissions = permissionNames.filter((name) => !personal.includes(name));

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

/** What narrows the permissions of a role: a custom role at one of its versions, or an API key. */
export type Grant = { permissions: readonly Permission[] } & (
  | { via: 'custom'; id: Id<'rol'>; version: number }
  | { via: 'key'; id: Id<'key'> }
);
/** What an operator may do in a member's name: look, and answer customers; nothing that lets in. */
export const mayForOthers = (permission: Permission): boolean =>
  permission.endsWith(':read') || /^(conversations|attachments):/.test(permission);
