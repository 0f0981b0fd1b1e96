import { expect, test } from 'bun:test';
import {
  accountPermissions,
  type CustomRoleRestriction,
  type Permission,
  permissionNames,
  permissionsOf,
  type Role,
  roles,
  rolesWithPermission,
} from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import {
  authorizationVersionOf,
  can,
  decide,
  effectivePermissions,
  type PermissionHolder,
  type Resource,
} from './can.ts';

const [self, other] = [newId('usr'), newId('usr')];
const custom = (...permissions: Permission[]): CustomRoleRestriction => ({
  roleId: newId('rol'),
  version: 3,
  permissions,
});
const key = (role: Role, ...permissions: Permission[]): PermissionHolder => ({
  kind: 'apiKey',
  userId: self,
  role,
  restriction: { permissions },
});
const user = (role: Role, restriction?: CustomRoleRestriction): PermissionHolder => ({
  kind: 'user',
  userId: self,
  role,
  restriction,
});

test('can: without a resource, the permission table decides', () => {
  for (const role of roles) {
    for (const name of permissionNames) {
      expect([role, name, can(user(role), name)]).toEqual([
        role,
        name,
        rolesWithPermission(name).includes(role),
      ]);
    }
  }
});

test('a custom role keeps what it lists and the own account, never more than its base role', () => {
  const permissions = effectivePermissions(
    user('agent', custom('members:read', 'webhooks:manage')),
  );
  expect(permissions).toEqual([...accountPermissions, 'members:read']);
});

test('an API key has none of the permissions of users only', () => {
  expect(can(key('owner', 'api-keys:manage'), 'api-keys:manage')).toBe(false);
});

test('an API key has the permissions it lists and nothing else', () => {
  expect(effectivePermissions(key('agent', 'members:read', 'jobs:read'))).toEqual(['members:read']);
});

const own: Resource = { kind: 'conversation', customerId: self };
const foreign: Resource = { kind: 'conversation', customerId: other };
const member = (role: Role, permissions = permissionsOf(role)): Resource => ({
  kind: 'member',
  role,
  permissions,
});
const owner = member('owner');
const admin = member('admin');
const privileges = (role: Role, permissions = permissionsOf(role)): Resource => ({
  kind: 'privileges',
  role,
  permissions,
});
const invites = custom('members:read', 'members:manage', 'conversations:read');

const cases: [PermissionHolder, Permission, Resource, boolean][] = [
  [user('customer'), 'conversations:read', own, true],
  [user('customer'), 'conversations:read', foreign, false],
  [user('customer'), 'conversations:reply', { kind: 'notes' }, false],
  [user('agent'), 'conversations:read', foreign, true],
  [user('agent'), 'conversations:reply', { kind: 'notes' }, true],
  [user('agent', custom('conversations:read')), 'conversations:reply', foreign, false],
  [key('agent', 'members:read'), 'members:read', { kind: 'presence' }, false],
  [user('agent', custom('members:read')), 'members:read', { kind: 'presence' }, true],
  [user('agent'), 'account:read', { kind: 'account', userId: self }, true],
  [user('owner'), 'account:read', { kind: 'account', userId: other }, false],
  [user('agent'), 'members:manage', admin, false],
  [user('admin'), 'members:manage', admin, true],
  [user('admin'), 'members:manage', owner, false],
  [user('owner'), 'members:manage', owner, true],
  [user('admin', invites), 'members:manage', admin, false],
  [user('admin', invites), 'members:manage', member('agent'), false],
  [user('admin', invites), 'members:manage', member('admin', ['members:read']), true],
  [user('admin', invites), 'members:manage', member('customer'), true],
  [key('admin', 'members:read', 'members:manage'), 'members:manage', member('agent'), false],
  [
    key('admin', ...permissionsOf('agent'), 'members:manage'),
    'members:manage',
    member('agent'),
    true,
  ],
  [user('admin'), 'members:manage', privileges('admin'), true],
  [user('admin'), 'members:manage', privileges('owner'), false],
  [user('owner'), 'members:manage', privileges('owner'), true],
  [user('admin', invites), 'members:manage', privileges('admin'), false],
  [user('admin', invites), 'members:manage', privileges('agent'), false],
  [user('admin', invites), 'members:manage', privileges('agent', ['conversations:read']), true],
  [user('admin', invites), 'members:manage', privileges('customer'), true],
  [key('admin', 'members:read', 'members:manage'), 'members:manage', privileges('agent'), false],
];

test.each(cases)('can: %o with %s on %o is %p', (holder, permission, resource, allowed) => {
  expect(can(holder, permission, resource)).toBe(allowed);
  expect(decide(holder, permission, resource)).toMatchObject({
    allowed,
    reason: expect.stringMatching(/\w/),
  });
});

test('decide: the decision names its source', () => {
  const sources = [user('agent'), user('agent', custom()), key('agent')].map(
    (holder) => decide(holder, 'members:read').via,
  );
  expect(sources).toEqual(['built-in', 'custom', 'key']);
});

test('authorizationVersionOf names the version of a custom role', () => {
  const restriction = custom();
  expect(authorizationVersionOf(user('agent'))).toBe('agent');
  expect(authorizationVersionOf(key('agent'))).toBe('key');
  expect(authorizationVersionOf(user('agent', restriction))).toMatch(/^agent\/[0-9a-f-]{36}\/3$/);
});
