import {
  accountPermissions,
  type Id,
  isUserPermission,
  type Permission,
  permissionNames,
  type Role,
  rolesWithPermission,
  toUuid,
} from '@insightdesk/shared/contract';
import { ForbiddenError } from '@insightdesk/shared/errors';
import type { ApiKeyActor, UserActor } from './actor.ts';

/** The resource of a permission check, where its owner or its privileges matter. */
export type Resource =
  | { kind: 'account'; userId: Id<'usr'> }
  | { kind: 'conversation'; customerId: Id<'usr'> }
  /** Internal notes of staff. */
  | { kind: 'notes' }
  /** Presence of a channel; its subscribers are listed themselves. */
  | { kind: 'presence' }
  /** A member that is changed or removed, with its effective permissions. */
  | { kind: 'member'; role: Role; permissions: readonly Permission[] }
  /** The privileges that a user would get, or that a credential has. */
  | { kind: 'privileges'; role: Role; permissions: readonly Permission[] };

/** The outcome of a permission check, its reason and its source. */
export interface Decision {
  allowed: boolean;
  reason: string;
  via: 'built-in' | 'custom' | 'key';
}

/** The fields of a member that permission checks use. */
export type PermissionHolder = RestrictedRole & { userId: Id<'usr'> };

/** A role with its restriction. */
export type RestrictedRole =
  | Pick<UserActor, 'kind' | 'role' | 'restriction'>
  | Pick<ApiKeyActor, 'kind' | 'role' | 'restriction'>;

/** The permissions of the role, less those that a custom role or an API key leaves out. */
export const effectivePermissions = (holder: RestrictedRole): readonly Permission[] =>
  permissionNames.filter((name) => hasPermission(holder, name));

/** Checks the table of permissions, then `resource`. */
export function decide(
  actor: PermissionHolder,
  permission: Permission,
  resource?: Resource,
): Decision {
  const via = sourceOf(actor);
  const denial = denialReason(actor, permission, resource);
  if (denial !== undefined) return { allowed: false, reason: denial, via };
  return { allowed: true, reason: `${describeHolder(actor)} has ${permission}`, via };
}

/** Whether `decide` allows it. */
export const can = (
  actor: PermissionHolder,
  permission: Permission,
  resource?: Resource,
): boolean => denialReason(actor, permission, resource) === undefined;

/** The customer whose conversations a member is limited to: customers to their own, staff to none. */
export const customerScopeOf = ({
  role,
  userId,
}: Pick<PermissionHolder, 'role' | 'userId'>): Id<'usr'> | undefined =>
  role === 'customer' ? userId : undefined;

/** Throws 403 with the reason. */
export function requireCan(
  actor: PermissionHolder,
  permission: Permission,
  resource?: Resource,
): void {
  const denial = denialReason(actor, permission, resource);
  if (denial !== undefined) throw new ForbiddenError(denial);
}

function denialReason(actor: PermissionHolder, permission: Permission, resource?: Resource) {
  if (!hasPermission(actor, permission))
    return `${describeHolder(actor)} does not have ${permission}`;
  return resource && resourceDenialReason(actor, resource);
}

function resourceDenialReason(actor: PermissionHolder, resource: Resource): string | undefined {
  const isCustomer = actor.role === 'customer';
  switch (resource.kind) {
    case 'account':
      return resource.userId === actor.userId
        ? undefined
        : 'Only the user of the account can do this';
    case 'conversation': {
      const customerId = customerScopeOf(actor);
      return customerId && customerId !== resource.customerId
        ? 'Customers can access their own conversations only'
        : undefined;
    }
    case 'notes':
      return isCustomer ? 'Only staff can do this' : undefined;
    case 'presence':
      return actor.kind === 'apiKey' ? 'API keys have no presence' : undefined;
    case 'member':
      return memberDenialReason(actor, resource);
    case 'privileges':
      return grantDenialReason(actor, resource);
  }
}

/** Nobody acts on a member with more permissions; those that no API key can have do not count for keys. */
function memberDenialReason(
  actor: PermissionHolder,
  { role, permissions }: Extract<Resource, { kind: 'member' }>,
) {
  if (role === 'owner' && !hasPermission(actor, 'owners:manage'))
    return 'Only an owner can do this to an owner';
  if (role === 'customer') return undefined;
  const missing = permissions.filter(
    (name) =>
      !accountPermissions.includes(name) &&
      !(actor.kind === 'apiKey' && isUserPermission(name)) &&
      !hasPermission(actor, name),
  );
  return missing.length > 0
    ? `The member has permissions that you do not have: ${missing.join(', ')}`
    : undefined;
}

/** A member grants only permissions of its own; those of customers apply to their own data only. */
function grantDenialReason(
  actor: PermissionHolder,
  privileges: Extract<Resource, { kind: 'privileges' }>,
) {
  if (privileges.role === 'owner' && !hasPermission(actor, 'owners:manage')) {
    return 'Only an owner can do this to an owner';
  }
  if (privileges.role === 'customer') return undefined;
  const missing = privileges.permissions.filter(
    (name) => !accountPermissions.includes(name) && !hasPermission(actor, name),
  );
  return missing.length > 0
    ? `Permissions that you do not have cannot be granted: ${missing.join(', ')}`
    : undefined;
}

function hasPermission(
  { kind, role, restriction }: RestrictedRole,
  permission: Permission,
): boolean {
  if (!rolesWithPermission(permission).includes(role)) return false;
  if (kind === 'apiKey' && isUserPermission(permission)) return false;
  if (!restriction || restriction.permissions.includes(permission)) return true;
  return kind === 'user' && accountPermissions.includes(permission);
}

function sourceOf({ kind, restriction }: RestrictedRole): Decision['via'] {
  if (kind === 'apiKey') return 'key';
  return restriction ? 'custom' : 'built-in';
}

function describeHolder({ kind, role, restriction }: RestrictedRole): string {
  if (kind === 'apiKey') return 'This API key';
  return restriction ? `This custom role of an ${role}` : `The role ${role}`;
}

/** The state of role and restriction, which `app.authorize` compares with the current rows. */
export function authorizationVersionOf(holder: RestrictedRole): string {
  if (holder.kind === 'apiKey') return 'key';
  const { role, restriction } = holder;
  return restriction ? `${role}/${toUuid(restriction.roleId)}/${restriction.version}` : role;
}
