import { describe, expect, test } from 'bun:test';
import { DatabaseError, UnauthenticatedError } from '@insightdesk/shared/errors';
import { createLogger } from '@insightdesk/shared/logging';
import { Hono } from 'hono';
import { bearerAuth } from './bearer-auth.ts';
import { corsAllowlist } from './cors-allowlist.ts';
import { errorHandler } from './error-handler.ts';
import type { HttpEnv } from './http-env.ts';
import { requestId } from './request-id.ts';
import { type CompletedRequest, requestLog } from './request-log.ts';
import { securityHeaders } from './security-headers.ts';

function createApp() {
  const lines: Record<string, unknown>[] = [];
  const observed: CompletedRequest[] = [];
  const log = createLogger(
    { level: 'info', format: 'json' },
    { service: 't', replica: 't-1' },
    { write: (line) => lines.push(JSON.parse(line)) },
  );
  const app = new Hono<HttpEnv>();
  app.onError(errorHandler(log));
  app.use(requestId());
  app.use(requestLog(log, (completed) => observed.push(completed)));
  app.use(securityHeaders());
  app.use(corsAllowlist(['https://desk.example']));
  app.get('/things/:id', (c) => c.text(c.req.param('id')));
  app.get('/fails', () => {
    throw new DatabaseError('the password of the database is secret');
  });
  app.get('/outage', () => {
    throw new DatabaseError('unavailable', { status: 503, code: 'DATABASE_UNAVAILABLE' });
  });
  app.get('/mine', bearerAuth(verify), (c) => {
    log.info('inside');
    return c.json(c.get('caller') ?? null);
  });
  return { app, lines, observed };
}

async function verify(token: string) {
  if (token !== 'good') throw new UnauthenticatedError('No', { code: 'TOKEN_INVALID' });
  return { tenantId: 'org_1', name: 'usr_1' };
}

describe('request id', () => {
  const responseIdOf = async (given: string) => {
    const response = await createApp().app.request('/things/1', {
      headers: { 'X-Request-Id': given },
    });
    return response.headers.get('X-Request-Id') ?? '';
  };

  test('requestId: a valid id of the caller is used', async () => {
    expect(await responseIdOf('abc-123_X.y:z')).toBe('abc-123_X.y:z');
  });

  test.each(['', 'a b', 'a"b', 'ä', 'x'.repeat(129)])(
    'requestId: the invalid id %p is replaced',
    async (given) => {
      expect(await responseIdOf(given)).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe('log', () => {
  test('requestLog: logs one line per request, with route pattern and request id', async () => {
    const { app, lines, observed } = createApp();
    await app.request('/things/7?secret=1', { headers: { 'X-Request-Id': 'r-1' } });
    const completed = { method: 'GET', route: '/things/:id', status: 200, ms: expect.any(Number) };
    expect(observed).toEqual([completed]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ msg: 'request', requestId: 'r-1', ...completed });
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  test('requestLog: lines within a request have request id, tenant and actor', async () => {
    const { app, lines } = createApp();
    const headers = { 'X-Request-Id': 'r-2', Authorization: 'Bearer good' };
    await app.request('/mine', { headers });
    const fields = { requestId: 'r-2', tenantId: 'org_1', actor: 'usr_1' };
    expect(lines).toMatchObject([
      { msg: 'inside', ...fields },
      { msg: 'request', ...fields },
    ]);
  });

  test('requestLog: unknown paths have the route unmatched', async () => {
    const { app, observed } = createApp();
    await app.request('/a');
    await app.request('/b');
    expect(observed.map(({ route, status }) => `${status} ${route}`)).toEqual(
      Array(2).fill('404 unmatched'),
    );
  });
});

describe('errors', () => {
  test('errorHandler: a 500 is logged with its cause and responded without', async () => {
    const { app, lines } = createApp();
    const response = await app.request('/fails', { headers: { 'X-Request-Id': 'r-3' } });
    expect(response.status).toBe(500);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    const problem = await response.json();
    expect(problem).toMatchObject({ status: 500, code: 'DATABASE_ERROR', requestId: 'r-3' });
    expect(JSON.stringify(problem)).not.toContain('password');
    expect(lines[0]).toMatchObject({ level: 'error', requestId: 'r-3' });
  });

  test('errorHandler: a 503 has Retry-After', async () => {
    const response = await createApp().app.request('/outage');
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('1');
  });

  test('securityHeaders: a problem response has them too', async () => {
    const { headers } = await createApp().app.request('/fails');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Cache-Control')).toBe('no-store');
  });
});

describe('bearer', () => {
  const send = (header?: string) =>
    createApp().app.request('/mine', {
      headers: header === undefined ? {} : { Authorization: header },
    });

  test('bearerAuth: a request without the header is unauthenticated', async () => {
    expect(await (await send()).json()).toBeNull();
  });

  test('bearerAuth: the scheme is case-insensitive', async () => {
    expect(await (await send('bearer good')).json()).toEqual({ tenantId: 'org_1', name: 'usr_1' });
  });

  test.each(['Bearer bad', 'Bearer', 'Bearer ', 'Basic Zm9v', 'good', 'Bearer a b'])(
    'bearerAuth: %p is refused',
    async (header) => {
      const response = await send(header);
      expect(response.status).toBe(401);
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    },
  );
});

describe('CORS', () => {
  const send = (method: string, origin: string) =>
    createApp().app.request('/things/1', {
      method,
      headers: {
        Origin: origin,
        ...(method === 'OPTIONS' && { 'Access-Control-Request-Method': 'GET' }),
      },
    });
  const allowedOrigin = (response: Response) => response.headers.get('Access-Control-Allow-Origin');

  test('corsAllowlist: a listed origin may read responses', async () => {
    const response = await send('GET', 'https://desk.example');
    expect(allowedOrigin(response)).toBe('https://desk.example');
    expect(response.headers.get('Access-Control-Expose-Headers')).toContain('X-Request-Id');
    expect(response.headers.get('Vary')).toContain('Origin');
    expect(await response.text()).toBe('1');
  });

  test('corsAllowlist: the preflight of a listed origin is allowed', async () => {
    const response = await send('OPTIONS', 'https://desk.example');
    expect(response.status).toBe(204);
    expect(allowedOrigin(response)).toBe('https://desk.example');
    for (const name of ['Authorization', 'Traceparent'])
      expect(response.headers.get('Access-Control-Allow-Headers')).toContain(name);
    expect(response.headers.get('Access-Control-Allow-Methods')).toContain('PATCH');
    expect(response.headers.get('Vary')).toBe('Origin');
  });

  test('corsAllowlist: OPTIONS without Access-Control-Request-Method reaches the route', async () => {
    const { app } = createApp();
    app.options('/things', (c) => c.text('described'));
    const headers = { Origin: 'https://desk.example' };
    const response = await app.request('/things', { method: 'OPTIONS', headers });
    expect(await response.text()).toBe('described');
    expect(allowedOrigin(response)).toBe('https://desk.example');
  });

  test.each(['https://evil.example', 'https://desk.example.evil.example', 'null'])(
    'corsAllowlist: the origin %s is not allowed',
    async (origin) => {
      expect(allowedOrigin(await send('GET', origin))).toBeNull();
      const preflight = await send('OPTIONS', origin);
      expect(allowedOrigin(preflight)).toBeNull();
      expect(preflight.headers.get('Access-Control-Allow-Methods')).toBeNull();
    },
  );
});
