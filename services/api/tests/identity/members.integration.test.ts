import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { createInvitationToken } from '@insightdesk/shared/domain/identity/users';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import {
  createIntegrationApi,
  type TestTenant,
  testDocumentedResponses,
} from '../../testing/integration-api.ts';
import { createTestUsers, password, type SignedIn } from '../../testing/test-users.ts';

const api = createIntegrationApi();
let own: TestTenant;
beforeAll(async () => {
  own = await api.createTenant();
});
afterAll(() => api.close());

const address = () => `${newId('usr')}@example.com`;

test('PATCH and DELETE /v1/me: 200 with the new name, 409 for the only owner, 204', async () => {
  const users = createTestUsers(api);
  const owner = await users.register();
  const email = address();
  const body = { email, role: 'agent' };
  const invited = await api.request('POST', '/v1/invitations', { as: owner.accessToken, body });
  const { id } = (await invited.json()) as { id: Id<'inv'> };
  const token = createInvitationToken(api.context, owner.organization.id as Id<'org'>, id);
  const accepted = await api.request('POST', '/v1/invitations/accept', {
    body: { token, name: 'Guest', password },
  });
  const { accessToken: as } = (await accepted.json()) as SignedIn;
  const renamed = await api.request('PATCH', '/v1/me', { as, body: { name: 'Grace' } });
  expect(await renamed.json()).toMatchObject({ user: { email, name: 'Grace' } });
  const remove = (as: string) => api.request('DELETE', '/v1/me', { as, body: { password } });
  await expectError(await remove(owner.accessToken), 409, 'LAST_OWNER');
  expect((await remove(as)).status).toBe(204);
  expect((await api.request('GET', '/v1/me', { as })).status).toBe(401);
});

test('members: listed, updated and removed', async () => {
  const { userId } = await api.context.security.tokens.verifyAccess(await own.addMember('agent'));
  const path = `/v1/members/${userId}`;
  const list = await api.request('GET', '/v1/members', { as: own.agent });
  expect(await list.json()).toMatchObject({
    items: [{ id: userId, role: 'agent' }, {}, {}, {}, {}],
  });
  const updated = await api.request('PATCH', path, { as: own.owner, body: { role: 'customer' } });
  expect(await updated.json()).toMatchObject({ id: userId, role: 'customer' });
  expect((await api.request('DELETE', path, { as: own.owner })).status).toBe(204);
});

test('members: one by its id, found by name and by address, contacts without a login have none', async () => {
  const get = (path: string, as = own.agent) => api.request('GET', path, { as });
  const { userId } = await api.context.security.tokens.verifyAccess(own.admin);
  const one = (await (await get(`/v1/members/${userId}`)).json()) as {
    name: string;
    email: string;
  };
  expect(one).toMatchObject({ id: userId, role: 'admin' });
  for (const q of [one.name, one.email]) {
    const found = await get(`/v1/members?q=${encodeURIComponent(q.toUpperCase())}`);
    expect(await found.json()).toMatchObject({ items: [{ id: userId }] });
  }
  expect(await (await get('/v1/members?q=nobody%25')).json()).toMatchObject({ items: [] });
  await expectError(get(`/v1/members/${newId('usr')}`), 404, 'NOT_FOUND');
  await expectError(get(`/v1/members/${userId}`, own.customer), 403, 'FORBIDDEN');
  const contact = { externalId: 'c-1', name: 'Without a login' };
  const created = await api.request('POST', '/v1/contacts', { as: own.admin, body: contact });
  const { id } = (await created.json()) as { id: string };
  expect(await (await get(`/v1/members/${id}`)).json()).toMatchObject({ email: null });
});

test('members: 403 for customers, 422 for an invalid cursor and an unknown role', async () => {
  const list = (query: string, as: string) => api.request('GET', `/v1/members${query}`, { as });
  await expectError(list('', own.customer), 403, 'FORBIDDEN');
  await expectError(list('?cursor=x', own.owner), 422, 'VALIDATION_FAILED');
  const { userId } = await api.context.security.tokens.verifyAccess(own.agent);
  const body = { role: 'king' };
  const updated = api.request('PATCH', `/v1/members/${userId}`, { as: own.owner, body });
  await expectError(updated, 422, 'VALIDATION_FAILED');
});

test('PATCH /v1/members/{userId}/presence: the own one, or as a manager', async () => {
  const idOf = async (token: string) =>
    (await api.context.security.tokens.verifyAccess(token)).userId;
  const set = (userId: string, as: string, body: object = { status: 'away' }) =>
    api.request('PATCH', `/v1/members/${userId}/presence`, { as, body });
  for (const as of [own.customer, own.owner]) {
    const response = await set(await idOf(own.customer), as);
    expect([response.status, await response.json()]).toEqual([200, { sockets: 0 }]);
  }
  await expectError(set(await idOf(own.owner), own.customer), 403, 'FORBIDDEN');
  await expectError(set(newId('usr'), own.owner), 404, 'NOT_FOUND');
  const invalid = set(await idOf(own.owner), own.owner, { status: 'offline' });
  await expectError(invalid, 422, 'VALIDATION_FAILED');
});

test('invitations: created, listed, resent, accepted and revoked', async () => {
  const { tenantId } = await api.context.security.tokens.verifyAccess(own.owner);
  const invite = async (email: string) => {
    const body = { email, role: 'agent' };
    const response = await api.request('POST', '/v1/invitations', { as: own.owner, body });
    expect(response.status).toBe(201);
    return (await response.json()) as { id: Id<'inv'> };
  };
  const accept = (id: Id<'inv'>, headers = {}) => {
    const token = createInvitationToken(api.context, tenantId, id);
    const body = { token, name: 'Bob', password };
    return api.request('POST', '/v1/invitations/accept', { body, headers });
  };
  const { id: first } = await invite(address());
  const joined = await accept(first);
  const { accessToken: as } = (await joined.json()) as SignedIn;
  const me = await api.request('GET', '/v1/me', { as });
  expect(await me.json()).toMatchObject({ role: 'agent' });

  const { id: second } = await invite(address());
  const headers = { Origin: api.options.config.http.publicUrl, 'X-Session-Mode': 'cookie' };
  const inBrowser = await accept(second, headers);
  expect([inBrowser.status, inBrowser.headers.getSetCookie().length]).toEqual([204, 2]);

  const email = address();
  const { id } = await invite(email);
  const list = await api.request('GET', '/v1/invitations?limit=1', { as: own.admin });
  expect(await list.json()).toMatchObject({ items: [{ id, email, role: 'agent' }] });
  const path = `/v1/invitations/${id}`;
  expect((await api.request('POST', `${path}/resend`, { as: own.owner })).status).toBe(200);
  expect((await api.request('DELETE', path, { as: own.owner })).status).toBe(204);
  await expectError(api.request('POST', `${path}/resend`, { as: own.owner }), 404, 'NOT_FOUND');
});

test('invitations: the token shows the inviter, the address and whether it has an account', async () => {
  const { tenantId } = await api.context.security.tokens.verifyAccess(own.owner);
  const invite = async (email: string) => {
    const body = { email, role: 'customer' };
    const response = await api.request('POST', '/v1/invitations', { as: own.owner, body });
    const { id } = (await response.json()) as { id: Id<'inv'> };
    return createInvitationToken(api.context, tenantId, id);
  };
  const show = (token: string) => api.request('GET', `/v1/invitations/accept?token=${token}`);
  const accept = (body: object) => api.request('POST', '/v1/invitations/accept', { body });

  const email = address();
  const token = await invite(email);
  const shown = (await (await show(token)).json()) as { organization: { name: string } };
  expect(shown).toMatchObject({ email, role: 'customer', hasAccount: false });
  expect(shown).toMatchObject({ invitedBy: { name: 'An owner' }, organization: {} });
  const nameless = await accept({ token, password });
  await expectError(nameless.clone() as Response, 422, 'VALIDATION_FAILED');
  expect(await nameless.json()).toMatchObject({ errors: [{ path: 'name' }] });
  expect((await accept({ token, password, name: 'Carla' })).status).toBe(200);
  await expectError(show(token), 409, 'INVITATION_USED');

  const other = await api.createTenant();
  const { tenantId: otherId } = await api.context.security.tokens.verifyAccess(other.owner);
  const body = { email, role: 'customer' };
  const again = await api.request('POST', '/v1/invitations', { as: other.owner, body });
  const { id } = (await again.json()) as { id: Id<'inv'> };
  const second = createInvitationToken(api.context, otherId, id);
  expect(await (await show(second)).json()).toMatchObject({ email, hasAccount: true });
  const wrong = accept({ token: second, password: 'another long password' });
  await expectError(wrong, 401, 'INVALID_CREDENTIALS');
  expect((await accept({ token: second, password })).status).toBe(200);

  for (const invalid of ['x', `${second}x`, createInvitationToken(api.context, tenantId, id)]) {
    await expectError(show(invalid), 422, 'INVITATION_INVALID');
  }
});

test('invitations: 403 for customers, 422 for an invalid address', async () => {
  const list = api.request('GET', '/v1/invitations', { as: own.customer });
  await expectError(list, 403, 'FORBIDDEN');
  const body = { email: 'nobody', role: 'agent' };
  const invited = api.request('POST', '/v1/invitations', { as: own.owner, body });
  await expectError(invited, 422, 'VALIDATION_FAILED');
});

test('GET and PATCH /v1/me/preferences: 200 for every role, with defaults', async () => {
  const path = '/v1/me/preferences';
  const before = await api.request('GET', path, { as: own.customer });
  expect(await before.json()).toMatchObject({
    timezone: null,
    workDays: [1, 2, 3, 4, 5],
    notifications: { delayMinutes: 5, messages: { email: 'delayed' } },
  });
  const body = {
    timezone: 'Europe/Berlin',
    locale: 'de',
    workHoursStart: '08:30',
    notifications: { messages: { email: 'daily' } },
  };
  const changed = await api.request('PATCH', path, { as: own.customer, body });
  expect(changed.status).toBe(200);
  const reset = { timezone: null, notifications: { delayMinutes: 60 } };
  await api.request('PATCH', path, { as: own.customer, body: reset });
  const after = await api.request('GET', path, { as: own.customer });
  expect(await after.json()).toMatchObject({
    ...body,
    timezone: null,
    notifications: {
      delayMinutes: 60,
      messages: { email: 'daily' },
      assigned: { email: 'delayed' },
    },
  });
});

test.each([
  { timezone: 'Europe/Nowhere' },
  { locale: 'not a language' },
  { workHoursStart: '25:00' },
  { workDays: [1, 1] },
  { notifications: { delayMinutes: 61 } },
  { notifications: { messages: { email: 'sometimes' } } },
  { notifications: { messages: { sms: 'off' } } },
])('PATCH /v1/me/preferences: 422 for %j', async (body) => {
  const response = api.request('PATCH', '/v1/me/preferences', { as: own.agent, body });
  await expectError(response, 422, 'VALIDATION_FAILED');
});

testDocumentedResponses(api, 'members');
