import { expect, test } from 'bun:test';
import { createLogger } from '@insightdesk/shared/logging';
import { Hono } from 'hono';
import { bearerAuth } from './bearer-auth.ts';
import { cookieAuth } from './cookie-auth.ts';
import { errorHandler } from './error-handler.ts';
import type { HttpEnv } from './http-env.ts';

const origin = 'https://desk.example';
const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });
const verify = async (token: string) => ({ tenantId: 't', name: token });

const app = new Hono<HttpEnv>();
app.onError(errorHandler(log));
app.use(bearerAuth(verify), cookieAuth(verify, [origin]));
app.all('/', (c) => c.text(c.get('caller')?.name ?? 'nobody'));

const send = (method: string, headers: Record<string, string>) =>
  app.request('/', { method, headers: { Cookie: '__Host-desk-access=ada', ...headers } });

test('cookieAuth: the cookie authenticates reads, and writes of an allowed page', async () => {
  expect(await (await send('GET', {})).text()).toBe('ada');
  const allowed = await send('POST', { Origin: origin, 'X-Session-Mode': 'cookie' });
  expect(await allowed.text()).toBe('ada');
});

test.each([
  ['an allowed origin without the session mode', { Origin: origin }],
  ['the session mode without an origin', { 'X-Session-Mode': 'cookie' }],
  ['another origin', { Origin: 'https://evil.example', 'X-Session-Mode': 'cookie' }],
])('cookieAuth: a write with the cookie and %s is refused', async (_, headers) => {
  for (const method of ['POST', 'PATCH', 'DELETE']) {
    const response = await send(method, headers as Record<string, string>);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'CSRF_REFUSED' });
  }
});

test('cookieAuth: the Authorization header takes precedence and needs no CSRF check', async () => {
  const response = await send('POST', { Authorization: 'Bearer bob' });
  expect(await response.text()).toBe('bob');
});
