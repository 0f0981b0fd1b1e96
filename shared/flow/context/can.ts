import {
  type Id,
  isUserPermission,
  ownPermissions,
  type Permission,
  permissionNames,
  type Role,
  rolesThatMay,
  toUuid,
} from '@insightdesk/shared/contract';
import { ForbiddenError } from '@insightdesk/shared/errors';
import type { ApiKeyActor, UserActor } from './actor.ts';

/** What is asked about: it matters who it is of, or how strong it is. */
export type Resource =
  | { kind: 'account'; userId: Id<'usr'> }
  | { kind: 'conversation'; customerId: Id<'usr'> }
  /** What staff says among themselves of conversations. */
  | { kind: 'notes' }
  /** Who is here; whoever looks is seen as well. */
  | { kind: 'presence' }
  | { kind: 'member'; role: Role }
  /** The privileges that a user would get, or that a credential has. */
  | { kind: 'privileges'; role: Role; permissions: readonly Permission[] };

/** Whether somebody may, why, and what that follows from. */
export interface Decision {
  allowed: boolean;
  reason: string;
  via: 'built-in' | 'custom' | 'key';
}

/** The part of an actor that decides what it may do, or that of another member. */
export type PermissionHolder = RestrictedRole & { userId: Id<'usr'> };

/** A role with what restricts it. */
export type RestrictedRole =
  | Pick<UserActor, 'kind' | 'role' | 'restriction'>
  | Pick<ApiKeyActor, 'kind' | 'role' | 'restriction'>;

/** All that a member may do: what its role has, less what a custom role or an API key leaves out. */
export const permissionsHeld = (holder: RestrictedRole): readonly Permission[] =>
  permissionNames.filter((name) => has(holder, name));

/** Decides, by the table of permissions and then by what `resource` says. */
export function decide(
  actor: PermissionHolder,
  permission: Permission,
  resource?: Resource,
): Decision {
  const via = sourceOf(actor);
  const refusal = refusalOf(actor, permission, resource);
  if (refusal !== undefined) return { allowed: false, reason: refusal, via };
  return { allowed: true, reason: `${whose(actor)} has ${permission}`, via };
}

/** Whether nothing speaks against it; `decide` says what does. */
export const can = (
  actor: PermissionHolder,
  permission: Permission,
  resource?: Resource,
): boolean => refusalOf(actor, permission, resource) === undefined;

/** Whose conversations somebody has to do with: customers with their own alone, staff with all. */
export const conversationsOf = ({
  role,
  userId,
}: Pick<PermissionHolder, 'role' | 'userId'>): Id<'usr'> | undefined =>
  role === 'customer' ? userId : undefined;

/** Throws 403, which says why not. */
export function requireCan(
  actor: PermissionHolder,
  permission: Permission,
  resource?: Resource,
): void {
  const refusal = refusalOf(actor, permission, resource);
  if (refusal !== undefined) throw new ForbiddenError(refusal);
}

function refusalOf(actor: PermissionHolder, permission: Permission, resource?: Resource) {
  if (!has(actor, permission)) return `${whose(actor)} does not have ${permission}`;
  return resource && refusalFor(actor, resource);
}

function refusalFor(actor: PermissionHolder, resource: Resource): string | undefined {
  const isCustomer = actor.role === 'customer';
  switch (resource.kind) {
    case 'account':
      return resource.userId === actor.userId ? undefined : 'This is for that person alone';
    case 'conversation': {
      const theirs = conversationsOf(actor);
      return theirs && theirs !== resource.customerId
        ? 'Customers have their own conversations only'
        : undefined;
    }
    case 'notes':
      return isCustomer ? 'This is for staff alone' : undefined;
    case 'presence':
      return actor.kind === 'apiKey' ? 'Only people are here or not' : undefined;
    case 'member':
      return resource.role === 'owner' && !has(actor, 'owners:manage')
        ? 'Only an owner may do this to owners'
        : undefined;
    case 'privileges':
      return refusalToGrant(actor, resource);
  }
}

/** Nobody gives what they do not have; what customers may, they may with what is theirs alone. */
function refusalToGrant(actor: PermissionHolder, given: Extract<Resource, { kind: 'privileges' }>) {
  if (given.role === 'owner' && !has(actor, 'owners:manage')) {
    return 'Only an owner may do this to owners';
  }
  if (given.role === 'customer') return undefined;
  const lacking = given.permissions.filter(
    (name) => !ownPermissions.includes(name) && !has(actor, name),
  );
  return lacking.length > 0
    ? `Nobody gives what they do not have: ${lacking.join(', ')}`
    : undefined;
}

function has({ kind, role, restriction }: RestrictedRole, permission: Permission): boolean {
  if (!rolesThatMay(permission).includes(role)) return false;
  if (kind === 'apiKey' && isUserPermission(permission)) return false;
  if (!restriction || restriction.permissions.includes(permission)) return true;
  return kind === 'user' && ownPermissions.includes(permission);
}

function sourceOf({ kind, restriction }: RestrictedRole): Decision['via'] {
  if (kind === 'apiKey') return 'key';
  return restriction ? 'custom' : 'built-in';
}

function whose({ kind, role, restriction }: RestrictedRole): string {
  if (kind === 'apiKey') return 'This API key';
  return restriction ? `This custom role of an ${role}` : `The role ${role}`;
}

/** What the database compares with what is true by now: see `app.enter`. */
export function authorizationVersionOf(holder: RestrictedRole): string {
  if (holder.kind === 'apiKey') return 'key';
  const { role, restriction } = holder;
  return restriction ? `${role}/${toUuid(restriction.roleId)}/${restriction.version}` : role;
}
