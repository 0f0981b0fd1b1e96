import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Permission, permissionNames, permissionsOf } from '@insightdesk/shared/contract';
import {
  findPermissionRestriction,
  login,
  members,
  register,
} from '@insightdesk/shared/domain/identity/users';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
type Tenant = Awaited<ReturnType<typeof api.createTenant>>;
let own: Tenant;
let others: Tenant;
beforeAll(async () => {
  [own, others] = await Promise.all([api.createTenant(), api.createTenant()]);
});
afterAll(() => api.close());

const { tokens } = api.context.security;
const userOf = async (as: string) => (await tokens.verifyAccess(as)).userId;
const readers: Permission[] = ['conversations:read', 'members:read', 'channels:subscribe'];
let names = 0;
const requestRole = (change = {}, as = own.owner) =>
  api.request('POST', '/v1/roles', {
    as,
    body: { name: `Role ${names++}`, base: 'agent', permissions: readers, ...change },
  });
interface Role {
  id: string;
  name: string;
  version: number;
  permissions: Permission[];
}
const createRole = async (change = {}, as = own.owner) =>
  (await (await requestRole(change, as)).json()) as Role;
const assignRole = (userId: string, body: object, as = own.owner) =>
  api.request('PATCH', `/v1/members/${userId}`, { as, body });

/** A token with the current role, as a refresh would issue. */
async function refreshedToken(as: string): Promise<string> {
  const { tenantId, userId, sessionId } = await tokens.verifyAccess(as);
  const member = { tenantId, userId };
  const restriction = await findPermissionRestriction(api.context, member);
  const rows = await api.context.database.read({ tenantId }, (tx) =>
    tx.select().from(members).execute(),
  );
  const role = rows.find((one) => one.userId === userId)?.role ?? 'customer';
  return (await tokens.signAccess({ ...member, sessionId, role, restriction })).token;
}

describe('custom roles', () => {
  test('custom roles: created, read, updated and deleted', async () => {
    const role = await createRole({ name: 'Night shift' });
    expect(role).toMatchObject({
      name: 'Night shift',
      version: 1,
      permissions: [...permissionNames].filter((one) => readers.includes(one)),
    });
    const path = `/v1/roles/${role.id}`;
    expect(await (await api.request('GET', path, { as: own.admin })).json()).toEqual(role);
    const list = await api.request('GET', '/v1/roles?limit=1', { as: own.owner });
    expect(((await list.json()) as { items: Role[] }).items).toEqual([role]);
    const changed = await api.request('PATCH', path, {
      as: own.owner,
      body: { permissions: ['members:read'] },
    });
    expect(await changed.json()).toMatchObject({ version: 2, permissions: ['members:read'] });
    expect((await api.request('DELETE', path, { as: own.owner })).status).toBe(204);
    await expectError(api.request('GET', path, { as: own.owner }), 404, 'NOT_FOUND');
    await expectError(api.request('DELETE', path, { as: own.owner }), 404, 'NOT_FOUND');
  });

  test('custom roles: 403 without permission, 409 for a taken name, 422', async () => {
    const { id, name } = await createRole();
    const path = `/v1/roles/${id}`;
    for (const as of [own.admin, own.agent, own.customer]) {
      await expectError(requestRole({}, as), 403, 'FORBIDDEN');
      await expectError(api.request('PATCH', path, { as, body: { name: 'X' } }), 403, 'FORBIDDEN');
      await expectError(api.request('DELETE', path, { as }), 403, 'FORBIDDEN');
    }
    await expectError(requestRole({ name }), 409, 'ROLE_NAME_TAKEN');
    const { id: second } = await createRole();
    await expectError(
      api.request('PATCH', `/v1/roles/${second}`, { as: own.owner, body: { name } }),
      409,
      'ROLE_NAME_TAKEN',
    );
    for (const wrong of [
      { base: 'owner' },
      { permissions: ['members:manage', 'members:read'] },
      { permissions: ['roles:manage'] },
      { permissions: ['everything'] },
      { base: 'admin', permissions: ['webhooks:manage'] },
      { name: '' },
    ]) {
      await expectError(requestRole(wrong), 422, 'VALIDATION_FAILED');
    }
  });

  test('custom roles: restrict a member on every route; changes take effect at once', async () => {
    const role = await createRole();
    const before = await own.addMember('agent');
    const userId = await userOf(before);
    const assigned = await assignRole(userId, { role: 'agent', roleId: role.id });
    expect(await assigned.json()).toMatchObject({ role: 'agent', roleId: role.id });
    await expectError(api.request('GET', '/v1/me', { as: before }), 401, 'ACCESS_CHANGED');
    const as = await refreshedToken(before);
    const me = await (await api.request('GET', '/v1/me', { as })).json();
    const permissions = [
      'account:read',
      'account:manage',
      'channels:subscribe',
      'conversations:read',
      'members:read',
    ];
    expect(me).toMatchObject({ role: 'agent', permissions });
    expect((await api.request('GET', '/v1/conversations', { as })).status).toBe(200);
    const body = { subject: 'S', body: 'B' };
    await expectError(api.request('POST', '/v1/conversations', { as, body }), 403, 'FORBIDDEN');
    const path = `/v1/roles/${role.id}`;
    const wider = { permissions: [...readers, 'conversations:open'] };
    expect((await api.request('PATCH', path, { as: own.owner, body: wider })).status).toBe(200);
    await expectError(api.request('POST', '/v1/conversations', { as, body }), 403, 'FORBIDDEN');
    await expectError(api.request('GET', '/v1/me', { as }), 401, 'ACCESS_CHANGED');
    const fresh = await refreshedToken(as);
    expect((await api.request('POST', '/v1/conversations', { as: fresh, body })).status).toBe(201);
    await expectError(api.request('DELETE', path, { as: own.owner }), 409, 'ROLE_IN_USE');
    await assignRole(userId, { role: 'agent' });
    await expectError(api.request('GET', '/v1/me', { as: fresh }), 401, 'ACCESS_CHANGED');
    const builtIn = await refreshedToken(fresh);
    expect(
      ((await (await api.request('GET', '/v1/me', { as: builtIn })).json()) as Role).permissions,
    ).toEqual([...permissionsOf('agent')]);
    expect((await api.request('DELETE', path, { as: own.owner })).status).toBe(204);
  });

  test('custom roles: login and refresh issue tokens with the current version', async () => {
    const { context } = api;
    const password = 'a long enough password';
    const user = {
      email: `${newId('usr')}@example.com`,
      password,
      name: 'P',
      organizationName: 'O',
    };
    await register(context, user);
    const owner = await register(context, { ...user, email: `x${user.email}` });
    const { tenantId } = await tokens.verifyAccess(owner.accessToken);
    const { userId } = await tokens.verifyAccess(
      (await login(context, { email: user.email, password })).accessToken,
    );
    await context.database.write({ tenantId }, (tx) =>
      tx.insert(members).values({ tenantId, userId, role: 'agent' }),
    );
    const role = await createRole({}, owner.accessToken);
    expect(
      (await assignRole(userId, { role: 'agent', roleId: role.id }, owner.accessToken)).status,
    ).toBe(200);
    const pair = await login(context, { email: user.email, password, organizationId: tenantId });
    expect((await tokens.verifyAccess(pair.accessToken)).restriction).toMatchObject({
      roleId: role.id,
      version: 1,
    });
    await api.request('PATCH', `/v1/roles/${role.id}`, {
      as: owner.accessToken,
      body: { permissions: [] },
    });
    const next = await api.request('POST', '/v1/auth/refresh', {
      body: { refreshToken: pair.refreshToken },
    });
    const { accessToken: as } = (await next.json()) as { accessToken: string };
    expect((await tokens.verifyAccess(as)).restriction).toMatchObject({
      version: 2,
      permissions: [],
    });
    await expectError(api.request('GET', '/v1/members', { as }), 403, 'FORBIDDEN');
  });

  test('custom roles: 409 over 50 roles, also concurrently', async () => {
    const { owner: as } = await api.createTenant();
    const responses = await Promise.all(Array.from({ length: 55 }, () => requestRole({}, as)));
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(50);
    await expectError(requestRole({}, as), 409, 'TOO_MANY_ROLES');
  });

  test('custom roles: members cannot grant permissions they do not have', async () => {
    const narrow = await createRole({
      base: 'admin',
      permissions: ['members:read', 'members:manage', 'customers:invite', 'conversations:read'],
    });
    const before = await own.addMember('admin');
    const self = await userOf(before);
    await assignRole(self, { role: 'admin', roleId: narrow.id });
    const as = await refreshedToken(before);
    const target = await userOf(await own.addMember('customer'));
    for (const body of [{ role: 'admin' }, { role: 'agent' }, { role: 'owner' }]) {
      await expectError(assignRole(target, body, as), 403, 'FORBIDDEN');
      await expectError(assignRole(self, body, as), 403, 'FORBIDDEN');
      const email = `${newId('usr')}@example.com`;
      await expectError(
        api.request('POST', '/v1/invitations', { as, body: { email, ...body } }),
        403,
        'FORBIDDEN',
      );
    }
    const less = await createRole({ permissions: ['conversations:read'] });
    const more = await createRole({ permissions: ['conversations:read', 'conversations:reply'] });
    await expectError(assignRole(target, { role: 'agent', roleId: more.id }, as), 403, 'FORBIDDEN');
    expect((await assignRole(target, { role: 'agent', roleId: less.id }, as)).status).toBe(200);
    await expectError(
      assignRole(await userOf(own.owner), { role: 'customer' }, as),
      403,
      'FORBIDDEN',
    );
    await expectError(
      assignRole(target, { role: 'admin', roleId: less.id }),
      422,
      'VALIDATION_FAILED',
    );
  });

  test('custom roles: members with more permissions cannot be demoted or removed', async () => {
    const permissions: Permission[] = ['members:read', 'members:manage', 'conversations:read'];
    const narrow = await createRole({ base: 'admin', permissions });
    const before = await own.addMember('admin');
    await assignRole(await userOf(before), { role: 'admin', roleId: narrow.id });
    const as = await refreshedToken(before);
    const remove = (userId: string) => api.request('DELETE', `/v1/members/${userId}`, { as });
    const less = await createRole({ permissions: ['conversations:read'] });
    for (const role of ['admin', 'agent'] as const) {
      const target = await userOf(await own.addMember(role));
      await expectError(assignRole(target, { role: 'customer' }, as), 403, 'FORBIDDEN');
      const restricted = { role: 'agent', roleId: less.id };
      await expectError(assignRole(target, restricted, as), 403, 'FORBIDDEN');
      await expectError(remove(target), 403, 'FORBIDDEN');
      const query = `permission=members:manage&resource=${target}`;
      const explained = await api.request('GET', `/v1/permissions/explain?${query}`, { as });
      expect(await explained.json()).toMatchObject({ allowed: false });
      // With fewer permissions than the caller.
      await assignRole(target, restricted);
      expect((await remove(target)).status).toBe(204);
    }
  });

  test('custom roles: a token without the restriction is 401 ACCESS_CHANGED', async () => {
    const role = await createRole({ permissions: ['members:read'] });
    const before = await own.addMember('agent');
    await assignRole(await userOf(before), { role: 'agent', roleId: role.id });
    const { expiresAt: _, ...claims } = await tokens.verifyAccess(await refreshedToken(before));
    const without = (await tokens.signAccess({ ...claims, restriction: undefined })).token;
    await expectError(api.request('GET', '/v1/me', { as: without }), 401, 'ACCESS_CHANGED');
  });
});

describe('permissions', () => {
  const explain = (query: string, as: string) =>
    api.request('GET', `/v1/permissions/explain?${query}`, { as });

  test('GET /v1/permissions: lists all permissions', async () => {
    const { items } = (await (
      await api.request('GET', '/v1/permissions', { as: own.customer })
    ).json()) as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toEqual([...permissionNames]);
  });

  test('explain: the caller with and without a resource', async () => {
    const body = { subject: 'S', body: 'B' };
    const opened = await api.request('POST', '/v1/conversations', { as: own.customer, body });
    const { id } = (await opened.json()) as { id: string };
    const requests: [string, string, boolean][] = [
      ['permission=conversations:manage', own.customer, false],
      ['permission=conversations:manage', own.agent, true],
      [`permission=conversations:read&resource=${id}`, own.customer, true],
      [`permission=conversations:read&resource=${id}`, own.agent, true],
      [`permission=members:manage&resource=${await userOf(own.owner)}`, own.admin, false],
      [`permission=members:manage&resource=${await userOf(own.agent)}`, own.admin, true],
    ];
    for (const [query, as, allowed] of requests) {
      const answer = await (await explain(query, as)).json();
      expect(answer).toMatchObject({ allowed, via: 'built-in', userId: await userOf(as) });
    }
    for (const as of [await own.addMember('customer'), others.owner, others.agent]) {
      await expectError(
        explain(`permission=conversations:read&resource=${id}`, as),
        404,
        'NOT_FOUND',
      );
    }
    const member = await userOf(own.agent);
    await expectError(
      explain(`permission=members:read&resource=${member}`, others.owner),
      404,
      'NOT_FOUND',
    );
    await expectError(
      explain(`permission=members:read&resource=${member}`, own.customer),
      404,
      'NOT_FOUND',
    );
  });

  test('explain: another member, 403, 404 and 422', async () => {
    const { id } = await createRole({ permissions: ['members:read'] });
    const userId = await userOf(await own.addMember('agent'));
    await assignRole(userId, { role: 'agent', roleId: id });
    const about = `permission=conversations:read&userId=${userId}`;
    const answer = await (await explain(about, own.admin)).json();
    expect(answer).toMatchObject({ allowed: false, via: 'custom', role: 'agent', userId });
    await expectError(explain(about, own.agent), 403, 'FORBIDDEN');
    await expectError(explain(about, others.owner), 404, 'NOT_FOUND');
    await expectError(explain('permission=everything', own.owner), 422, 'VALIDATION_FAILED');
    await expectError(
      explain(`permission=members:read&resource=${newId('msg')}`, own.owner),
      422,
      'VALIDATION_FAILED',
    );
  });
});

testDocumentedResponses(api, 'roles');
