import { afterAll, describe, expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { openWholeApi, testPromises } from '../../testing/integration-api.ts';

const api = openWholeApi();
afterAll(() => api.close());

const password = 'a long enough password';

function account() {
  const email = `${newId('usr')}@example.com`;
  return { email, password, name: 'Ann', organizationName: 'Ann & Co' };
}

interface SignedIn {
  accessToken: string;
  refreshToken: string;
  organization: { id: string };
}

async function registered() {
  const given = account();
  const response = await api.ask('POST', '/v1/auth/register', { body: given });
  expect(response.status).toBe(201);
  return { ...given, ...((await response.json()) as SignedIn) };
}

async function refused(response: Response, status: number, code: string) {
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ status, code });
}

const refresh = (refreshToken: string) =>
  api.ask('POST', '/v1/auth/refresh', { body: { refreshToken } });

describe('register', () => {
  test('201: the caller is owner', async () => {
    const { accessToken } = await registered();
    const me = await api.ask('GET', '/v1/me', { as: accessToken });
    expect(await me.json()).toMatchObject({ role: 'owner', user: { name: 'Ann' } });
  });

  test('201 for a taken address too: an account of its own', async () => {
    const first = await registered();
    const body = { ...account(), email: first.email.toUpperCase() };
    const second = await api.ask('POST', '/v1/auth/register', { body });
    expect(second.status).toBe(201);
    const { organization } = (await second.json()) as SignedIn;
    expect(organization.id).not.toBe(first.organization.id);
  });

  test('422: a short password', async () => {
    const body = { ...account(), password: 'short' };
    await refused(await api.ask('POST', '/v1/auth/register', { body }), 422, 'VALIDATION_FAILED');
  });
});

describe('login', () => {
  test('200, also with a stale token', async () => {
    const { email, organization } = await registered();
    const body = { email, password, organizationId: organization.id };
    const response = await api.ask('POST', '/v1/auth/login', { body, as: 'stale' });
    expect(response.status).toBe(200);
  });

  test.each([
    ['a wrong password', { password: 'another password' }],
    ['an unknown address', { email: `${newId('usr')}@example.com` }],
    ['another organisation', { organizationId: newId('org') }],
  ])('401: %s', async (_, change) => {
    const { email } = await registered();
    const body = { email, password, ...change };
    await refused(await api.ask('POST', '/v1/auth/login', { body }), 401, 'INVALID_CREDENTIALS');
  });
});

describe('refresh', () => {
  test('200, then 401 for whoever replays the old one', async () => {
    const { refreshToken } = await registered();
    const first = await refresh(refreshToken);
    expect(first.status).toBe(200);
    const successor = ((await first.json()) as SignedIn).refreshToken;
    await refused(await refresh(refreshToken), 401, 'TOKEN_REUSED');
    await refused(await refresh(successor), 401, 'TOKEN_INVALID');
  });

  test('401: not one of ours', async () => {
    await refused(await refresh('forged'), 401, 'TOKEN_INVALID');
  });
});

test('204: into the cookies of a browser that asks for it', async () => {
  const { email } = await registered();
  const { publicUrl } = api.options.config.http;
  const headers = { Origin: publicUrl, 'X-Session-Mode': 'cookie' };
  const login = await api.ask('POST', '/v1/auth/login', { body: { email, password }, headers });
  const fresh = await api.ask('POST', '/v1/auth/register', { body: account(), headers });
  const Cookie = login.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
  const again = await api.ask('POST', '/v1/auth/refresh', { headers: { ...headers, Cookie } });
  for (const { status, headers } of [login, fresh, again]) {
    expect([status, headers.getSetCookie().length]).toEqual([204, 2]);
  }
});

describe('sessions', () => {
  test('200: the caller’s own', async () => {
    const { accessToken } = await registered();
    const response = await api.ask('GET', '/v1/auth/sessions', { as: accessToken });
    expect(await response.json()).toMatchObject({ items: [{ current: true }], nextCursor: null });
  });

  test('204: one is ended, at once; 404 for one that is not there', async () => {
    const { accessToken: as } = await registered();
    const list = await api.ask('GET', '/v1/auth/sessions', { as });
    const { items } = (await list.json()) as { items: { id: string }[] };
    const unknown = await api.ask('DELETE', `/v1/auth/sessions/${newId('ses')}`, { as });
    await refused(unknown, 404, 'NOT_FOUND');
    const ended = await api.ask('DELETE', `/v1/auth/sessions/${items[0]?.id}`, { as });
    expect(ended.status).toBe(204);
    expect((await api.ask('GET', '/v1/me', { as })).status).toBe(401);
  });

  test.each(['/v1/auth/logout', '/v1/auth/logout-all'])('204: %s, at once', async (path) => {
    const { accessToken: as } = await registered();
    expect((await api.ask('POST', path, { as })).status).toBe(204);
    expect((await api.ask('GET', '/v1/me', { as })).status).toBe(401);
  });
});

test('an expired token is told apart from a forged one', async () => {
  const { accessToken } = await registered();
  const [head, , signature] = accessToken.split('.');
  const forged = [head, Buffer.from('{}').toString('base64url'), signature].join('.');
  await refused(await api.ask('GET', '/v1/me', { as: forged }), 401, 'TOKEN_INVALID');
});

testPromises(api, '/v1/auth/register', '/v1/auth/login', '/v1/auth/refresh');
testPromises(api, '/v1/auth/sessions', '/v1/auth/logout', '/v1/auth/logout-all');
