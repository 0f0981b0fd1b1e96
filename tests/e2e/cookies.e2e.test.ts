import { expect, test } from 'bun:test';
import { io } from 'socket.io-client';
import { call, createCookieJar, password, registerOwner, run, tlsOptions } from './client.ts';

const origin = new URL(run.url).origin;
const ours = { Origin: origin, 'X-Session-Mode': 'cookie' };

async function signedIn() {
  const { email } = await registerOwner();
  const jar = createCookieJar();
  const body = { email, password };
  const answer = await jar.call('POST', '/v1/auth/login', { body, headers: ours });
  return { email, jar, answer };
}

/** Opens a socket as a browser would; what it is told when it may not. */
async function connect(headers: Record<string, string>): Promise<string> {
  const socket = io(run.url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    extraHeaders: headers,
    ...tlsOptions,
  });
  try {
    return await new Promise<string>((resolve) => {
      socket.once('connect', () => resolve('connected'));
      socket.once('connect_error', (error) =>
        resolve((error as { data?: { code: string } }).data?.code ?? error.message),
      );
    });
  } finally {
    socket.disconnect();
  }
}

test('a browser login stores the session only in HttpOnly cookies', async () => {
  const { jar, answer } = await signedIn();
  expect(answer.status).toBe(204);
  expect(answer.body).toBe('' as never);
  const set = answer.headers.getSetCookie();
  expect(set.map((cookie) => cookie.split('=')[0])).toEqual([
    '__Host-desk-access',
    '__Host-desk-refresh',
  ]);
  for (const cookie of set) {
    expect(cookie).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain('Domain');
  }
  expect((await jar.call('GET', '/v1/me')).body.role).toBe('owner');
});

test('refresh and logout use the cookies, and old cookies are refused', async () => {
  const { jar } = await signedIn();
  const before = { ...jar.cookies };
  expect((await jar.call('POST', '/v1/auth/refresh', { headers: ours })).status).toBe(204);
  expect(jar.cookies['__Host-desk-refresh']).not.toBe(before['__Host-desk-refresh']);
  const both = { body: { refreshToken: 'x' }, headers: ours };
  expect((await jar.call('POST', '/v1/auth/refresh', both)).status).toBe(422);
  const taken = { ...jar.cookies };
  expect((await jar.call('POST', '/v1/auth/logout', { headers: ours })).status).toBe(204);
  expect(jar.cookies).toEqual({});
  expect((await jar.call('GET', '/v1/me')).status).toBe(401);
  Object.assign(jar.cookies, taken);
  expect((await jar.call('GET', '/v1/me')).body).toMatchObject({ code: 'SESSION_ENDED' });
  expect((await jar.call('POST', '/v1/auth/refresh', { headers: ours })).status).toBe(401);
});

test('cross-site requests with cookies are refused without effect', async () => {
  const { jar } = await signedIn();
  const forged = [
    {},
    { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    { Origin: 'https://evil.example', 'X-Session-Mode': 'cookie' },
    { Origin: 'null', 'X-Session-Mode': 'cookie' },
    { Origin: origin },
    { 'X-Session-Mode': 'cookie', 'Sec-Fetch-Site': 'same-site' },
    { 'X-Session-Mode': 'cookie' },
  ];
  for (const headers of forged as Record<string, string>[]) {
    const answers = [
      await jar.call('POST', '/v1/conversations', { body: { subject: 'x', body: 'x' }, headers }),
      await jar.call('POST', '/v1/auth/logout', { headers }),
      await jar.call('POST', '/v1/webhooks', {
        raw: '{"url":"https://evil.example","events":["*"]}',
        headers: { ...headers, 'Content-Type': 'text/plain' },
      }),
    ];
    for (const { status, body } of answers) {
      expect([status, body.code]).toEqual([403, 'CSRF_REFUSED']);
    }
  }
  expect((await jar.call('GET', '/v1/conversations')).body.items).toEqual([]);
  const preflight = await call('OPTIONS', '/v1/auth/logout', {
    headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' },
  });
  expect(preflight.headers.get('Access-Control-Allow-Origin')).toBeNull();
});

test('a cross-site login is refused', async () => {
  const { email } = await registerOwner();
  const headers = { Origin: 'https://evil.example', 'X-Session-Mode': 'cookie' };
  const answer = await call('POST', '/v1/auth/login', { body: { email, password }, headers });
  expect([answer.status, answer.body.code]).toEqual([403, 'CSRF_REFUSED']);
  expect(answer.headers.getSetCookie()).toEqual([]);
});

test('the Authorization header takes precedence over cookies and needs no CSRF token', async () => {
  const { jar } = await signedIn();
  const other = await registerOwner();
  const asOther = { token: other.token };
  expect((await jar.call('GET', '/v1/me', asOther)).body.user.email).toBe(other.email);
  expect((await jar.call('POST', '/v1/auth/logout', asOther)).status).toBe(204);
  expect((await jar.call('GET', '/v1/me')).status).toBe(200);
  const stale = await jar.call('GET', '/v1/me', { token: 'stale' });
  expect(stale.status).toBe(401);
});

test('a socket accepts the cookie from the own origin only', async () => {
  const { jar } = await signedIn();
  const Cookie = jar.header();
  expect(await connect({ Cookie, Origin: origin })).toBe('connected');
  for (const headers of [
    { Cookie, Origin: 'https://evil.example' },
    { Cookie },
    { Origin: origin },
  ]) {
    expect(await connect(headers as Record<string, string>)).toBe('UNAUTHENTICATED');
  }
});
