import { describe, expect, test } from 'bun:test';
import { DatabaseError, UnauthenticatedError } from '@insightdesk/shared/errors';
import { createLogger } from '@insightdesk/shared/logging';
import { Hono } from 'hono';
import { answerProblem } from './answer-problem.ts';
import { bearer } from './bearer.ts';
import { corsByList } from './cors-by-list.ts';
import type { HttpEnv } from './env.ts';
import { requestId } from './request-id.ts';
import { type Answered, requestLog } from './request-log.ts';
import { securityHeaders } from './security-headers.ts';

function open() {
  const lines: Record<string, unknown>[] = [];
  const observed: Answered[] = [];
  const log = createLogger(
    { level: 'info', format: 'json' },
    { service: 't', replica: 't-1' },
    { write: (line) => lines.push(JSON.parse(line)) },
  );
  const app = new Hono<HttpEnv>();
  app.onError(answerProblem(log));
  app.use(requestId());
  app.use(requestLog(log, (answered) => observed.push(answered)));
  app.use(securityHeaders());
  app.use(corsByList(['https://desk.example']));
  app.get('/things/:id', (c) => c.text(c.req.param('id')));
  app.get('/fails', () => {
    throw new DatabaseError('the password of the database is secret');
  });
  app.get('/outage', () => {
    throw new DatabaseError('away', { status: 503, code: 'DATABASE_UNAVAILABLE' });
  });
  app.get('/mine', bearer(identify), (c) => {
    log.info('inside');
    return c.json(c.get('caller') ?? null);
  });
  return { app, lines, observed };
}

async function identify(token: string) {
  if (token !== 'good') throw new UnauthenticatedError('No', { code: 'TOKEN_INVALID' });
  return { tenantId: 'org_1', name: 'usr_1' };
}

describe('request id', () => {
  const idOf = async (given: string) => {
    const response = await open().app.request('/things/1', { headers: { 'X-Request-Id': given } });
    return response.headers.get('X-Request-Id') ?? '';
  };

  test('a sane one is kept', async () => {
    expect(await idOf('abc-123_X.y:z')).toBe('abc-123_X.y:z');
  });

  test.each(['', 'a b', 'a"b', 'ä', 'x'.repeat(129)])('%p is replaced', async (given) => {
    expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('log', () => {
  test('one line per request, with pattern and correlation', async () => {
    const { app, lines, observed } = open();
    await app.request('/things/7?secret=1', { headers: { 'X-Request-Id': 'r-1' } });
    const answered = { method: 'GET', route: '/things/:id', status: 200, ms: expect.any(Number) };
    expect(observed).toEqual([answered]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ msg: 'request', requestId: 'r-1', ...answered });
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  test('lines within carry request, tenant and actor', async () => {
    const { app, lines } = open();
    const headers = { 'X-Request-Id': 'r-2', Authorization: 'Bearer good' };
    await app.request('/mine', { headers });
    const who = { requestId: 'r-2', tenantId: 'org_1', actor: 'usr_1' };
    expect(lines).toMatchObject([
      { msg: 'inside', ...who },
      { msg: 'request', ...who },
    ]);
  });

  test('paths that lead nowhere share one name', async () => {
    const { app, observed } = open();
    await app.request('/a');
    await app.request('/b');
    expect(observed.map(({ route, status }) => `${status} ${route}`)).toEqual(
      Array(2).fill('404 unmatched'),
    );
  });
});

describe('errors', () => {
  test('our own are logged with their cause and told without', async () => {
    const { app, lines } = open();
    const response = await app.request('/fails', { headers: { 'X-Request-Id': 'r-3' } });
    expect(response.status).toBe(500);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    const problem = await response.json();
    expect(problem).toMatchObject({ status: 500, code: 'DATABASE_ERROR', requestId: 'r-3' });
    expect(JSON.stringify(problem)).not.toContain('password');
    expect(lines[0]).toMatchObject({ level: 'error', requestId: 'r-3' });
  });

  test('an outage says when to come back', async () => {
    const response = await open().app.request('/outage');
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('1');
  });

  test('a problem carries the security headers too', async () => {
    const { headers } = await open().app.request('/fails');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Cache-Control')).toBe('no-store');
  });
});

describe('bearer', () => {
  const ask = (header?: string) =>
    open().app.request('/mine', { headers: header === undefined ? {} : { Authorization: header } });

  test('without the header nobody is known', async () => {
    expect(await (await ask()).json()).toBeNull();
  });

  test('the scheme may be in any case', async () => {
    expect(await (await ask('bearer good')).json()).toEqual({ tenantId: 'org_1', name: 'usr_1' });
  });

  test.each(['Bearer bad', 'Bearer', 'Bearer ', 'Basic Zm9v', 'good', 'Bearer a b'])(
    '%p is refused',
    async (header) => {
      const response = await ask(header);
      expect(response.status).toBe(401);
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    },
  );
});

describe('CORS', () => {
  const ask = (method: string, origin: string) =>
    open().app.request('/things/1', { method, headers: { Origin: origin } });
  const allowed = (response: Response) => response.headers.get('Access-Control-Allow-Origin');

  test('a listed origin may read', async () => {
    const response = await ask('GET', 'https://desk.example');
    expect(allowed(response)).toBe('https://desk.example');
    expect(response.headers.get('Access-Control-Expose-Headers')).toContain('X-Request-Id');
    expect(response.headers.get('Vary')).toContain('Origin');
    expect(await response.text()).toBe('1');
  });

  test('its preflight is answered', async () => {
    const response = await ask('OPTIONS', 'https://desk.example');
    expect(response.status).toBe(204);
    expect(allowed(response)).toBe('https://desk.example');
    for (const name of ['Authorization', 'Traceparent'])
      expect(response.headers.get('Access-Control-Allow-Headers')).toContain(name);
  });

  test.each(['https://evil.example', 'https://desk.example.evil.example', 'null'])(
    '%s may not',
    async (origin) => {
      expect(allowed(await ask('GET', origin))).toBeNull();
      expect(allowed(await ask('OPTIONS', origin))).toBeNull();
    },
  );
});
