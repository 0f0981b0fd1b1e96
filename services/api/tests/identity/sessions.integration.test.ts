import { afterAll, describe, expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
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

async function registerUser() {
  const input = account();
  const response = await api.request('POST', '/v1/auth/register', { body: input });
  expect(response.status).toBe(201);
  return { ...input, ...((await response.json()) as SignedIn) };
}

const refresh = (refreshToken: string) =>
  api.request('POST', '/v1/auth/refresh', { body: { refreshToken } });

describe('register', () => {
  test('POST /v1/auth/register: 201, the caller is owner', async () => {
    const { accessToken } = await registerUser();
    const me = await api.request('GET', '/v1/me', { as: accessToken });
    expect(await me.json()).toMatchObject({ role: 'owner', user: { name: 'Ann' } });
  });

  test('POST /v1/auth/register: 201 for an existing email address, with another account', async () => {
    const first = await registerUser();
    const body = { ...account(), email: first.email.toUpperCase() };
    const second = await api.request('POST', '/v1/auth/register', { body });
    expect(second.status).toBe(201);
    const { organization } = (await second.json()) as SignedIn;
    expect(organization.id).not.toBe(first.organization.id);
  });

  test('POST /v1/auth/register: 422 for a short password', async () => {
    const body = { ...account(), password: 'short' };
    await expectError(
      await api.request('POST', '/v1/auth/register', { body }),
      422,
      'VALIDATION_FAILED',
    );
  });
});

describe('login', () => {
  test('POST /v1/auth/login: 200, also with an invalid token', async () => {
    const { email, organization } = await registerUser();
    const body = { email, password, organizationId: organization.id };
    const response = await api.request('POST', '/v1/auth/login', { body, as: 'invalid' });
    expect(response.status).toBe(200);
  });

  test.each([
    ['a wrong password', { password: 'another password' }],
    ['an unknown address', { email: `${newId('usr')}@example.com` }],
    ['another organization', { organizationId: newId('org') }],
  ])('POST /v1/auth/login: 401 for %s', async (_, change) => {
    const { email } = await registerUser();
    const body = { email, password, ...change };
    await expectError(
      await api.request('POST', '/v1/auth/login', { body }),
      401,
      'INVALID_CREDENTIALS',
    );
  });
});

describe('refresh', () => {
  test('POST /v1/auth/refresh: reuse of an old token revokes the family', async () => {
    const { refreshToken } = await registerUser();
    const first = await refresh(refreshToken);
    expect(first.status).toBe(200);
    const successor = ((await first.json()) as SignedIn).refreshToken;
    await expectError(await refresh(refreshToken), 401, 'TOKEN_REUSED');
    await expectError(await refresh(successor), 401, 'TOKEN_INVALID');
  });

  test('POST /v1/auth/refresh: 401 for a forged token', async () => {
    await expectError(await refresh('forged'), 401, 'TOKEN_INVALID');
  });
});

test('X-Session-Mode cookie: login, register and refresh respond 204 with cookies', async () => {
  const { email } = await registerUser();
  const { publicUrl } = api.options.config.http;
  const headers = { Origin: publicUrl, 'X-Session-Mode': 'cookie' };
  const login = await api.request('POST', '/v1/auth/login', { body: { email, password }, headers });
  const fresh = await api.request('POST', '/v1/auth/register', { body: account(), headers });
  const Cookie = login.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
  const again = await api.request('POST', '/v1/auth/refresh', { headers: { ...headers, Cookie } });
  for (const { status, headers } of [login, fresh, again]) {
    expect([status, headers.getSetCookie().length]).toEqual([204, 2]);
  }
});

describe('sessions', () => {
  test('GET /v1/auth/sessions: lists the sessions of the caller', async () => {
    const { accessToken } = await registerUser();
    const response = await api.request('GET', '/v1/auth/sessions', { as: accessToken });
    expect(await response.json()).toMatchObject({ items: [{ current: true }], nextCursor: null });
  });

  test('DELETE /v1/auth/sessions/:id: ends a session at once, 404 for an unknown one', async () => {
    const { accessToken: as } = await registerUser();
    const list = await api.request('GET', '/v1/auth/sessions', { as });
    const { items } = (await list.json()) as { items: { id: string }[] };
    const unknown = await api.request('DELETE', `/v1/auth/sessions/${newId('ses')}`, { as });
    await expectError(unknown, 404, 'NOT_FOUND');
    const ended = await api.request('DELETE', `/v1/auth/sessions/${items[0]?.id}`, { as });
    expect(ended.status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(401);
  });

  test.each(['/v1/auth/logout', '/v1/auth/logout-all'])(
    'POST %s: ends the session at once',
    async (path) => {
      const { accessToken: as } = await registerUser();
      expect((await api.request('POST', path, { as })).status).toBe(204);
      expect((await api.request('GET', '/v1/me', { as })).status).toBe(401);
    },
  );
});

testDocumentedResponses(api, 'sessions');
