import { afterAll, describe, expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';
import { createTestUsers, password, type SignedIn } from '../../testing/test-users.ts';

const api = createIntegrationApi();
const users = createTestUsers(api);
afterAll(() => api.close());

const { publicUrl } = api.options.config.http;
const browser = { Origin: publicUrl, 'X-Session-Mode': 'cookie' };
const post = (path: string, headers: Record<string, string>, body?: object) =>
  api.request('POST', path, { headers, ...(body && { body }) });

describe('tokens', () => {
  test('POST /v1/auth/refresh: 200 with new tokens', async () => {
    const { refreshToken } = await users.register();
    const response = await post('/v1/auth/refresh', {}, { refreshToken });
    expect(response.status).toBe(200);
    expect(((await response.json()) as SignedIn).refreshToken).not.toBe(refreshToken);
  });

  test('sessions: listed with their device, and ended one by one', async () => {
    const { email, accessToken: first } = await users.register();
    const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0';
    const wrong = await post('/v1/auth/login', {}, { email, password: 'another password' });
    expect(wrong.status).toBe(401);
    const signedIn = await post('/v1/auth/login', { 'User-Agent': agent }, { email, password });
    const { accessToken: as } = (await signedIn.json()) as SignedIn;
    const list = await api.request('GET', '/v1/auth/sessions', { as });
    const { items } = (await list.json()) as { items: { id: string }[] };
    expect(items).toMatchObject([
      { device: 'Firefox on Linux', current: true, lastSeenAt: expect.any(String) },
      { current: false },
    ]);
    const ended = await api.request('DELETE', `/v1/auth/sessions/${items[1]?.id}`, { as });
    expect(ended.status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as: first })).status).toBe(401);
  });

  test.each(['/v1/auth/logout', '/v1/auth/logout-all'])('POST %s: 204', async (path) => {
    const { accessToken: as } = await users.register();
    expect((await api.request('POST', path, { as })).status).toBe(204);
    expect((await api.request('GET', '/v1/me', { as })).status).toBe(401);
  });
});

describe('cookies', () => {
  /** Signs in as a browser; returns the Cookie header. */
  async function signIn() {
    const { email } = await users.register();
    const response = await post('/v1/auth/login', browser, { email, password });
    expect(response.status).toBe(204);
    return response;
  }
  const cookieHeader = ({ headers }: Response) =>
    headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ');

  test('POST /v1/auth/login: the session is in HttpOnly cookies only', async () => {
    const response = await signIn();
    expect(await response.text()).toBe('');
    const cookies = response.headers.getSetCookie();
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual([
      '__Host-desk-access',
      '__Host-desk-refresh',
    ]);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
      expect(cookie).not.toContain('Domain');
    }
    const headers = { Cookie: cookieHeader(response) };
    expect((await api.request('GET', '/v1/me', { headers })).status).toBe(200);
  });

  test('POST /v1/auth/register: 204 with cookies', async () => {
    const account = { email: `${newId('usr')}@example.com`, password, name: 'Ann' };
    const body = { ...account, organizationName: 'Ann & Co' };
    const response = await post('/v1/auth/register', browser, body);
    expect([response.status, response.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  test('refresh and logout use the cookies, and old cookies are refused', async () => {
    const headers = { ...browser, Cookie: cookieHeader(await signIn()) };
    const refreshed = await post('/v1/auth/refresh', headers);
    expect(refreshed.status).toBe(204);
    const renewed = { ...browser, Cookie: cookieHeader(refreshed) };
    expect(renewed.Cookie).not.toBe(headers.Cookie);
    const both = await post('/v1/auth/refresh', renewed, { refreshToken: 'x' });
    await expectError(both, 422, 'VALIDATION_FAILED');
    const ended = await post('/v1/auth/logout', renewed);
    expect(ended.status).toBe(204);
    expect(cookieHeader(ended)).toBe('__Host-desk-access=; __Host-desk-refresh=');
    const me = await api.request('GET', '/v1/me', { headers: renewed });
    await expectError(me, 401, 'SESSION_ENDED');
    expect((await post('/v1/auth/refresh', renewed)).status).toBe(401);
  });

  test('POST /v1/auth/login: 403 without cookies for another site', async () => {
    const { email } = await users.register();
    const headers = { ...browser, Origin: 'https://evil.example' };
    const response = await post('/v1/auth/login', headers, { email, password });
    await expectError(response, 403, 'CSRF_REFUSED');
    expect(response.headers.getSetCookie()).toEqual([]);
  });
});

testDocumentedResponses(api, 'sessions');
