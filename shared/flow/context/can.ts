import {
  type Id,
  ownPermissions,
  type Permission,
  permissionNames,
  type Role,
  rolesThatMay,
  toUuid,
} from '@insightdesk/shared/contract';
import { ForbiddenError } from '@insightdesk/shared/errors';
import type { MemberActor } from './context.ts';

/** What is asked about: it matters who it is of, or how strong it is. */
export type Resource =
  | { kind: 'account'; userId: Id<'usr'> }
  | { kind: 'conversation'; customerId: Id<'usr'> }
  /** What staff says among themselves of conversations. */
  | { kind: 'notes' }
  /** Who is here; whoever looks is seen as well. */
  | { kind: 'presence' }
  | { kind: 'member'; role: Role }
  /** Standing that somebody would get, or that a credential has. */
  | { kind: 'standing'; role: Role; permissions: readonly Permission[] };

/** Whether somebody may, why, and what that follows from. */
export interface Decision {
  allowed: boolean;
  reason: string;
  via: 'built-in' | 'custom' | 'key';
}

type Standing = Pick<MemberActor, 'role' | 'grant'>;
type Holder = Standing & Pick<MemberActor, 'userId'>;

/** All that a member may do: what its role has, less what a custom role or an API key leaves out. */
export const permissionsHeld = (holder: Standing): readonly Permission[] =>
  permissionNames.filter((name) => has(holder, name));

/** Decides, by the table of permissions and then by what `resource` says. */
export function decide(actor: Holder, permission: Permission, resource?: Resource): Decision {
  const via = actor.grant?.via ?? 'built-in';
  const refusal = refusalOf(actor, permission, resource);
  if (refusal !== undefined) return { allowed: false, reason: refusal, via };
  return { allowed: true, reason: `${whose(actor)} has ${permission}`, via };
}

/** Whether nothing speaks against it; `decide` says what does. */
export const can = (actor: Holder, permission: Permission, resource?: Resource): boolean =>
  refusalOf(actor, permission, resource) === undefined;

/** Whose conversations somebody has to do with: customers with their own alone, staff with all. */
export const conversationsOf = ({
  role,
  userId,
}: Pick<Holder, 'role' | 'userId'>): Id<'usr'> | undefined =>
  role === 'customer' ? userId : undefined;

/** Throws 403, which says why not. */
export function requireCan(actor: Holder, permission: Permission, resource?: Resource): void {
  const refusal = refusalOf(actor, permission, resource);
  if (refusal !== undefined) throw new ForbiddenError(refusal);
}

function refusalOf(actor: Holder, permission: Permission, resource?: Resource) {
  if (!has(actor, permission)) return `${whose(actor)} does not have ${permission}`;
  return resource && refusalFor(actor, resource);
}

function refusalFor(actor: Holder, resource: Resource): string | undefined {
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
      return actor.grant?.via === 'key' ? 'Only people are here or not' : undefined;
    case 'member':
      return resource.role === 'owner' && !has(actor, 'owners:manage')
        ? 'Only an owner may do this to owners'
        : undefined;
    case 'standing':
      return refusalToGrant(actor, resource);
  }
}

/** Nobody gives what they do not have; what customers may, they may with what is theirs alone. */
function refusalToGrant(actor: Holder, given: Extract<Resource, { kind: 'standing' }>) {
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

function has({ role, grant }: Standing, permission: Permission): boolean {
  if (!rolesThatMay(permission).includes(role)) return false;
  if (!grant || grant.permissions.includes(permission)) return true;
  return grant.via === 'custom' && ownPermissions.includes(permission);
}

function whose({ role, grant }: Standing): string {
  if (!grant) return `The role ${role}`;
  return grant.via === 'key' ? 'This API key' : `This custom role of an ${role}`;
}

/** What the database compares with what is true by now: see `app.enter`. */
export function standingOf({ role, grant }: Standing): string {
  if (!grant) return role;
  return grant.via === 'key' ? 'key' : `${role}/${toUuid(grant.id)}/${grant.version}`;
}
