import { expect, test } from 'bun:test';
import { createLogger } from '@insightdesk/shared/logging';
import { Hono } from 'hono';
import { Redis } from 'iovalkey';
import { bearerAuth } from '../bearer-auth.ts';
import { clientAddress } from '../client-address.ts';
import { errorHandler } from '../error-handler.ts';
import type { HttpEnv } from '../http-env.ts';
import { limitRequests } from './limit-requests.ts';
import { createRateLimitChecker, createRateLimits, type RateLimitRule } from './rate-limits.ts';

const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });
const addressRule: RateLimitRule = {
  name: 'address',
  requestClass: 'all',
  countBy: 'address',
  limit: 2,
  windowMs: 60_000,
  failMode: 'open',
};
const userRule: RateLimitRule = { ...addressRule, name: 'user', countBy: 'user', limit: 3 };
const writeRule: RateLimitRule = {
  ...addressRule,
  name: 'write',
  requestClass: 'write',
  countBy: 'user',
  limit: 1,
};

function createClient(rules: RateLimitRule[]) {
  const app = new Hono<HttpEnv>();
  app.onError(errorHandler(log));
  const limits = limitRequests(createRateLimits({ rules }), ({ name }) => ({ user: name }));
  app.use(clientAddress(), limits.global);
  app.get('/', (c) => c.text('welcome'));
  const authenticate = bearerAuth(async (name) => ({ tenantId: 't', name }));
  app.get(
    '/mine',
    authenticate,
    limits.forRoute(() => 'read'),
    (c) => c.text('yours'),
  );
  app.post(
    '/mine',
    authenticate,
    limits.forRoute(() => 'write'),
    (c) => c.text('done'),
  );
  return (address: string, path = '/', { as = '', method = 'GET' } = {}) =>
    app.request(
      path,
      { method, headers: as ? { Authorization: `Bearer ${as}` } : {} },
      { requestIP: () => ({ address }) },
    );
}

test('limitRequests: an address is refused above its limit, other addresses are not', async () => {
  const send = createClient([addressRule]);
  const first = await send('203.0.113.1');
  expect(first.status).toBe(200);
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'ratelimit-policy': '"address";q=2;w=60',
    ratelimit: '"address";r=1;t=60',
    'ratelimit-limit': '2',
    'ratelimit-remaining': '1',
    'ratelimit-reset': '60',
  });
  expect((await send('203.0.113.1')).status).toBe(200);
  const refused = await send('203.0.113.1');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('RateLimit')).toBe('"address";r=0;t=60');
  expect(refused.headers.get('RateLimit-Remaining')).toBe('0');
  expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect(refused.headers.get('Content-Type')).toBe('application/problem+json');
  expect(await refused.json()).toMatchObject({
    status: 429,
    code: 'TOO_MANY_REQUESTS',
    errors: [{ path: 'address' }],
  });
  expect((await send('203.0.113.2')).status).toBe(200);
});

test('limitRequests: a user is counted across addresses and by class, and headers list all rules', async () => {
  const send = createClient([addressRule, userRule, writeRule]);
  const first = await send('203.0.113.1', '/mine', { as: 'ada', method: 'POST' });
  expect(first.headers.get('RateLimit')).toBe(
    '"address";r=1;t=60, "user";r=2;t=60, "write";r=0;t=60',
  );
  const second = await send('203.0.113.2', '/mine', { as: 'ada', method: 'POST' });
  expect(await second.json()).toMatchObject({ status: 429, errors: [{ path: 'write' }] });
  for (const address of ['203.0.113.3', '203.0.113.4']) {
    expect((await send(address, '/mine', { as: 'ada' })).status).toBe(200);
  }
  expect((await send('203.0.113.5', '/mine', { as: 'ada' })).status).toBe(429);
  expect((await send('203.0.113.5', '/mine', { as: 'bob' })).status).toBe(200);
});

test('limitRequests: a request that one rule refuses is not counted in the others', async () => {
  const send = createClient([{ ...addressRule, limit: 3 }, userRule, writeRule]);
  const post = () => send('203.0.113.1', '/mine', { as: 'ada', method: 'POST' });
  expect((await post()).status).toBe(200);
  for (let i = 0; i < 5; i++) expect((await post()).status).toBe(429);
  const read = await send('203.0.113.1', '/mine', { as: 'ada' });
  expect(read.headers.get('RateLimit')).toBe('"address";r=1;t=60, "user";r=1;t=60');
});

test('limitRequests: pending authentications count towards the limit', async () => {
  const app = new Hono<HttpEnv>();
  app.onError(errorHandler(log));
  const limits = limitRequests(
    createRateLimits({ rules: [{ ...addressRule, limit: 5 }] }),
    () => ({}),
  );
  app.use(clientAddress(), limits.global);
  const verified = Promise.withResolvers<void>();
  let pending = 0;
  const authenticate = bearerAuth(async (name) => {
    pending++;
    await verified.promise;
    return { tenantId: 't', name };
  });
  app.get(
    '/mine',
    authenticate,
    limits.forRoute(() => 'read'),
    (c) => c.text('yours'),
  );
  const headers = { Authorization: 'Bearer ada' };
  const bindings = { requestIP: () => ({ address: '203.0.113.1' }) };
  const responses = Array.from({ length: 50 }, () => app.request('/mine', { headers }, bindings));
  await Bun.sleep(1);
  expect(pending).toBe(5);
  verified.resolve();
  const statuses = (await Promise.all(responses)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
});

test('limitRequests: a request with an invalid token is counted', async () => {
  const send = createClient([addressRule]);
  for (let i = 0; i < 2; i++) {
    expect((await send('203.0.113.1', '/mine', { as: 'ä' })).status).toBe(401);
  }
  expect((await send('203.0.113.1', '/mine', { as: 'ä' })).status).toBe(429);
});

test('createRateLimits: without Valkey an open rule counts locally at once, a closed one refuses', async () => {
  const valkey = new Redis('redis://127.0.0.1:1', { retryStrategy: () => 50 });
  valkey.on('error', () => {});
  try {
    const limits = createRateLimits({ rules: [addressRule], valkey });
    const checks = ['a', 'a', 'a'].map((address) => limits.check('read', { address }));
    const timeout = new Promise<never>((_, reject) =>
      setImmediate(reject, new Error('The check waited for Valkey')),
    );
    const results = await Promise.race([Promise.all(checks), timeout]);
    expect(results.map(([result]) => result?.allowed)).toEqual([true, true, false]);
    const closed = createRateLimits({ rules: [{ ...addressRule, failMode: 'closed' }], valkey });
    await expect(closed.check('read', { address: 'a' })).rejects.toMatchObject({ status: 503 });
  } finally {
    valkey.disconnect();
  }
});

test('checkRateLimit: without Valkey an open limit counts locally, a closed one throws 503', async () => {
  const valkey = new Redis('redis://127.0.0.1:1', { retryStrategy: () => 50 });
  valkey.on('error', () => {});
  const check = createRateLimitChecker({ valkey });
  const use = (name: string, failMode: 'open' | 'closed') =>
    check(name, 'key', { limit: 2, windowMs: 60_000, failMode });
  try {
    const results = [await use('a', 'open'), await use('a', 'open'), await use('a', 'open')];
    expect(
      results.map(({ allowed, remaining }): [boolean, number] => [allowed, remaining]),
    ).toEqual([
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
    await expect(use('b', 'closed')).rejects.toMatchObject({ code: 'LIMIT_UNAVAILABLE' });
  } finally {
    valkey.disconnect();
  }
});

test('createRateLimits: a Valkey that does not respond is not waited for', async () => {
  const silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const valkey = new Redis(silent.port, '127.0.0.1', { enableReadyCheck: false });
  valkey.on('error', () => {});
  try {
    await new Promise((resolve) => valkey.once('connect', resolve));
    await Bun.sleep(10);
    const [result] = await createRateLimits({ rules: [addressRule], valkey }).check('read', {
      address: 'a',
    });
    expect(result?.allowed).toBe(true);
  } finally {
    valkey.disconnect();
    silent.stop(true);
  }
});

test('createRateLimits: the count starts again with the next window', async () => {
  let now = 0;
  const limits = createRateLimits({ rules: [addressRule], nowMs: () => now });
  const allowed = async () => (await limits.check('read', { address: 'a' }))[0]?.allowed;
  expect([await allowed(), await allowed(), await allowed()]).toEqual([true, true, false]);
  now = 60_000;
  expect(await allowed()).toBe(true);
});
