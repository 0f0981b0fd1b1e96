import { expect, test } from 'bun:test';
import {
  type Grant,
  ownPermissions,
  type Permission,
  permissionNames,
  permissionsOf,
  type Role,
  roles,
  rolesThatMay,
} from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { can, decide, permissionsHeld, type Resource, standingOf } from './can.ts';

const [self, other] = [newId('usr'), newId('usr')];
const custom = (...permissions: Permission[]): Grant => ({
  via: 'custom',
  id: newId('rol'),
  version: 3,
  permissions,
});
const key = (...permissions: Permission[]): Grant => ({
  via: 'key',
  id: newId('key'),
  permissions,
});
const holder = (role: Role, grant?: Grant) => ({ userId: self, role, grant });

test('without a resource the table decides, cell by cell', () => {
  for (const role of roles) {
    for (const name of permissionNames) {
      expect([role, name, can(holder(role), name)]).toEqual([
        role,
        name,
        rolesThatMay(name).includes(role),
      ]);
    }
  }
});

test('a custom role leaves what it lists and the own account, never more than its base has', () => {
  const held = permissionsHeld(holder('agent', custom('members:read', 'webhooks:manage')));
  expect(held).toEqual([...ownPermissions, 'members:read']);
});

test('an API key has its scopes and nothing else', () => {
  expect(permissionsHeld(holder('agent', key('members:read', 'jobs:read')))).toEqual([
    'members:read',
  ]);
});

const own: Resource = { kind: 'conversation', customerId: self };
const anothers: Resource = { kind: 'conversation', customerId: other };
const owner: Resource = { kind: 'member', role: 'owner' };
const admin: Resource = { kind: 'member', role: 'admin' };
const standing = (role: Role, permissions = permissionsOf(role)): Resource => ({
  kind: 'standing',
  role,
  permissions,
});
const invites = custom('members:read', 'members:manage', 'conversations:read');

const cases: [Role, Grant | undefined, Permission, Resource, boolean][] = [
  ['customer', undefined, 'conversations:read', own, true],
  ['customer', undefined, 'conversations:read', anothers, false],
  ['customer', undefined, 'conversations:reply', { kind: 'notes' }, false],
  ['agent', undefined, 'conversations:read', anothers, true],
  ['agent', undefined, 'conversations:reply', { kind: 'notes' }, true],
  ['agent', custom('conversations:read'), 'conversations:reply', anothers, false],
  ['agent', key('members:read'), 'members:read', { kind: 'presence' }, false],
  ['agent', custom('members:read'), 'members:read', { kind: 'presence' }, true],
  ['agent', undefined, 'account:read', { kind: 'account', userId: self }, true],
  ['owner', undefined, 'account:read', { kind: 'account', userId: other }, false],
  ['agent', undefined, 'members:manage', admin, false],
  ['admin', undefined, 'members:manage', admin, true],
  ['admin', undefined, 'members:manage', owner, false],
  ['owner', undefined, 'members:manage', owner, true],
  ['admin', undefined, 'members:manage', standing('admin'), true],
  ['admin', undefined, 'members:manage', standing('owner'), false],
  ['owner', undefined, 'members:manage', standing('owner'), true],
  ['admin', invites, 'members:manage', standing('admin'), false],
  ['admin', invites, 'members:manage', standing('agent'), false],
  ['admin', invites, 'members:manage', standing('agent', ['conversations:read']), true],
  ['admin', invites, 'members:manage', standing('customer'), true],
  ['admin', key('members:read', 'members:manage'), 'members:manage', standing('agent'), false],
];

test.each(cases)('%s with %o: %s of %o is %p', (role, grant, permission, resource, allowed) => {
  expect(can(holder(role, grant), permission, resource)).toBe(allowed);
  expect(decide(holder(role, grant), permission, resource)).toMatchObject({
    allowed,
    via: grant?.via ?? 'built-in',
    reason: expect.stringMatching(/\w/),
  });
});

test('the standing names the version of a custom role', () => {
  const grant = custom();
  expect(standingOf(holder('agent'))).toBe('agent');
  expect(standingOf(holder('agent', key()))).toBe('key');
  expect(standingOf(holder('agent', grant))).toMatch(/^agent\/[0-9a-f-]{36}\/3$/);
});
