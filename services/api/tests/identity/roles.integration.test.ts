import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Permission, permissionNames, permissionsOf } from '@insightdesk/shared/contract';
import { findGrant, login, members, register } from '@insightdesk/shared/domain/identity/users';
import { newId } from '@insightdesk/shared/utils';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
type Tenant = Awaited<ReturnType<typeof api.openTenant>>;
let own: Tenant;
let strangers: Tenant;
beforeAll(async () => {
  [own, strangers] = await Promise.all([api.openTenant(), api.openTenant()]);
});
afterAll(() => api.close());

async function refused(answer: Promise<Response>, status: number, code: string) {
  const response = await answer;
  expect(await response.json()).toMatchObject({ status, code });
}

const { tokens } = api.context.security;
const userOf = async (as: string) => (await tokens.verifyAccess(as)).userId;
const readers: Permission[] = ['conversations:read', 'members:read', 'channels:subscribe'];
let names = 0;
const add = (change = {}, as = own.owner) =>
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
const added = async (change = {}, as = own.owner) => (await (await add(change, as)).json()) as Role;
const give = (userId: string, body: object, as = own.owner) =>
  api.request('PATCH', `/v1/members/${userId}`, { as, body });

/** The token that a refresh would bring now. */
async function renewed(as: string): Promise<string> {
  const { tenantId, userId, sessionId } = await tokens.verifyAccess(as);
  const whose = { tenantId, userId };
  const restriction = await findGrant(api.context, whose);
  const rows = await api.context.database.read({ tenantId }, (tx) =>
    tx.select().from(members).execute(),
  );
  const role = rows.find((one) => one.userId === userId)?.role ?? 'customer';
  return (await tokens.signAccess({ ...whose, sessionId, role, restriction })).token;
}

describe('custom roles', () => {
  test('201, 200, 204: made, read, changed, removed', async () => {
    const role = await added({ name: 'Night shift' });
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
    await refused(api.request('GET', path, { as: own.owner }), 404, 'NOT_FOUND');
    await refused(api.request('DELETE', path, { as: own.owner }), 404, 'NOT_FOUND');
  });

  test('403, 404, 409, 422', async () => {
    const { id, name } = await added();
    const path = `/v1/roles/${id}`;
    for (const as of [own.admin, own.agent, own.customer]) {
      await refused(add({}, as), 403, 'FORBIDDEN');
      await refused(api.request('PATCH', path, { as, body: { name: 'X' } }), 403, 'FORBIDDEN');
      await refused(api.request('DELETE', path, { as }), 403, 'FORBIDDEN');
    }
    const as = strangers.owner;
    await refused(api.request('GET', path, { as }), 404, 'NOT_FOUND');
    await refused(api.request('PATCH', path, { as, body: { name: 'X' } }), 404, 'NOT_FOUND');
    await refused(api.request('DELETE', path, { as }), 404, 'NOT_FOUND');
    await refused(add({ name }), 409, 'ROLE_NAME_TAKEN');
    const { id: second } = await added();
    await refused(
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
      await refused(add(wrong), 422, 'VALIDATION_FAILED');
    }
  });

  test('what a member holds is what the role leaves, on every route, and changes at once', async () => {
    const role = await added();
    const before = await own.newcomer('agent');
    const userId = await userOf(before);
    const given = await give(userId, { role: 'agent', roleId: role.id });
    expect(await given.json()).toMatchObject({ role: 'agent', roleId: role.id });
    await refused(api.request('GET', '/v1/me', { as: before }), 401, 'ACCESS_CHANGED');
    const as = await renewed(before);
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
    await refused(api.request('POST', '/v1/conversations', { as, body }), 403, 'FORBIDDEN');
    const path = `/v1/roles/${role.id}`;
    const wider = { permissions: [...readers, 'conversations:open'] };
    expect((await api.request('PATCH', path, { as: own.owner, body: wider })).status).toBe(200);
    await refused(api.request('POST', '/v1/conversations', { as, body }), 403, 'FORBIDDEN');
    await refused(api.request('GET', '/v1/me', { as }), 401, 'ACCESS_CHANGED');
    const fresh = await renewed(as);
    expect((await api.request('POST', '/v1/conversations', { as: fresh, body })).status).toBe(201);
    await refused(api.request('DELETE', path, { as: own.owner }), 409, 'ROLE_IN_USE');
    await give(userId, { role: 'agent' });
    await refused(api.request('GET', '/v1/me', { as: fresh }), 401, 'ACCESS_CHANGED');
    const builtIn = await renewed(fresh);
    expect(
      ((await (await api.request('GET', '/v1/me', { as: builtIn })).json()) as Role).permissions,
    ).toEqual([...permissionsOf('agent')]);
    expect((await api.request('DELETE', path, { as: own.owner })).status).toBe(204);
  });

  test('a login and a refresh bring the custom role', async () => {
    const { context } = api;
    const password = 'a long enough password';
    const person = {
      email: `${newId('usr')}@example.com`,
      password,
      name: 'P',
      organizationName: 'O',
    };
    await register(context, person);
    const owner = await register(context, { ...person, email: `x${person.email}` });
    const { tenantId } = await tokens.verifyAccess(owner.accessToken);
    const { userId } = await tokens.verifyAccess(
      (await login(context, { email: person.email, password })).accessToken,
    );
    await context.database.write({ tenantId }, (tx) =>
      tx.insert(members).values({ tenantId, userId, role: 'agent' }),
    );
    const role = await added({}, owner.accessToken);
    expect((await give(userId, { role: 'agent', roleId: role.id }, owner.accessToken)).status).toBe(
      200,
    );
    const pair = await login(context, { email: person.email, password, organizationId: tenantId });
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
    await refused(api.request('GET', '/v1/members', { as }), 403, 'FORBIDDEN');
  });

  test('409: fifty and no more, also at once', async () => {
    const { owner: as } = await api.openTenant();
    const answers = await Promise.all(Array.from({ length: 55 }, () => add({}, as)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
    await refused(add({}, as), 409, 'TOO_MANY_ROLES');
  });

  test('nobody gives what they do not have', async () => {
    const narrow = await added({
      base: 'admin',
      permissions: ['members:read', 'members:manage', 'customers:invite', 'conversations:read'],
    });
    const before = await own.newcomer('admin');
    const self = await userOf(before);
    await give(self, { role: 'admin', roleId: narrow.id });
    const as = await renewed(before);
    const target = await userOf(await own.newcomer('customer'));
    for (const body of [{ role: 'admin' }, { role: 'agent' }, { role: 'owner' }]) {
      await refused(give(target, body, as), 403, 'FORBIDDEN');
      await refused(give(self, body, as), 403, 'FORBIDDEN');
      const email = `${newId('usr')}@example.com`;
      await refused(
        api.request('POST', '/v1/invitations', { as, body: { email, ...body } }),
        403,
        'FORBIDDEN',
      );
    }
    const less = await added({ permissions: ['conversations:read'] });
    const more = await added({ permissions: ['conversations:read', 'conversations:reply'] });
    await refused(give(target, { role: 'agent', roleId: more.id }, as), 403, 'FORBIDDEN');
    expect((await give(target, { role: 'agent', roleId: less.id }, as)).status).toBe(200);
    await refused(give(await userOf(own.owner), { role: 'customer' }, as), 403, 'FORBIDDEN');
    await refused(give(target, { role: 'admin', roleId: less.id }), 422, 'VALIDATION_FAILED');
    const foreign = await added({}, strangers.owner);
    await refused(give(target, { role: 'agent', roleId: foreign.id }), 404, 'NOT_FOUND');
  });

  test('a forged claim of permissions is no claim: the database knows the version', async () => {
    const role = await added({ permissions: ['members:read'] });
    const before = await own.newcomer('agent');
    await give(await userOf(before), { role: 'agent', roleId: role.id });
    const { expiresAt: _, ...claims } = await tokens.verifyAccess(await renewed(before));
    const without = (await tokens.signAccess({ ...claims, restriction: undefined })).token;
    await refused(api.request('GET', '/v1/me', { as: without }), 401, 'ACCESS_CHANGED');
  });
});

describe('who may do what', () => {
  const explain = (query: string, as: string) =>
    api.request('GET', `/v1/permissions/explain?${query}`, { as });

  test('200: the table', async () => {
    const { items } = (await (
      await api.request('GET', '/v1/permissions', { as: own.customer })
    ).json()) as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toEqual([...permissionNames]);
  });

  test('200: for oneself, with and without a resource', async () => {
    const body = { subject: 'S', body: 'B' };
    const opened = await api.request('POST', '/v1/conversations', { as: own.customer, body });
    const { id } = (await opened.json()) as { id: string };
    const asked: [string, string, boolean][] = [
      ['permission=conversations:manage', own.customer, false],
      ['permission=conversations:manage', own.agent, true],
      [`permission=conversations:read&resource=${id}`, own.customer, true],
      [`permission=conversations:read&resource=${id}`, own.agent, true],
      [`permission=members:manage&resource=${await userOf(own.owner)}`, own.admin, false],
      [`permission=members:manage&resource=${await userOf(own.agent)}`, own.admin, true],
    ];
    for (const [query, as, allowed] of asked) {
      const answer = await (await explain(query, as)).json();
      expect(answer).toMatchObject({ allowed, via: 'built-in', userId: await userOf(as) });
    }
    const others = [await own.newcomer('customer'), strangers.owner, strangers.agent];
    for (const as of others) {
      await refused(explain(`permission=conversations:read&resource=${id}`, as), 404, 'NOT_FOUND');
    }
    const member = await userOf(own.agent);
    await refused(
      explain(`permission=members:read&resource=${member}`, strangers.owner),
      404,
      'NOT_FOUND',
    );
    await refused(
      explain(`permission=members:read&resource=${member}`, own.customer),
      404,
      'NOT_FOUND',
    );
  });

  test('200, 403, 404, 422: for another', async () => {
    const { id } = await added({ permissions: ['members:read'] });
    const userId = await userOf(await own.newcomer('agent'));
    await give(userId, { role: 'agent', roleId: id });
    const about = `permission=conversations:read&userId=${userId}`;
    const answer = await (await explain(about, own.admin)).json();
    expect(answer).toMatchObject({ allowed: false, via: 'custom', role: 'agent', userId });
    await refused(explain(about, own.agent), 403, 'FORBIDDEN');
    await refused(explain(about, strangers.owner), 404, 'NOT_FOUND');
    await refused(explain('permission=everything', own.owner), 422, 'VALIDATION_FAILED');
    await refused(
      explain(`permission=members:read&resource=${newId('msg')}`, own.owner),
      422,
      'VALIDATION_FAILED',
    );
  });
});

testDocumentedResponses(api, '/v1/roles', '/v1/permissions');
