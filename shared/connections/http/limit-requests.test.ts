import { expect, test } from 'bun:test';
import { createLogger } from '@insightdesk/shared/logging';
import { Hono } from 'hono';
import { Redis } from 'iovalkey';
import { answerProblem } from './answer-problem.ts';
import { bearer } from './bearer.ts';
import { clientAddress } from './client-address.ts';
import type { HttpEnv } from './env.ts';
import { limitRequests, network } from './limit-requests.ts';
import { createRateLimits, type RateRow } from './rate-limit.ts';

const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });
const row: RateRow = {
  name: 'address',
  of: 'all',
  by: 'address',
  limit: 2,
  windowMs: 60_000,
  away: 'open',
};
const perUser: RateRow = { ...row, name: 'user', by: 'user', limit: 3 };
const writes: RateRow = { ...row, name: 'write', of: 'write', by: 'user', limit: 1 };

function client(rows: RateRow[]) {
  const app = new Hono<HttpEnv>();
  app.onError(answerProblem(log));
  const limits = limitRequests(createRateLimits({ rows }), ({ name }) => ({ user: name }));
  app.use(clientAddress(), limits.around);
  app.get('/', (c) => c.text('welcome'));
  const identify = bearer(async (name) => ({ tenantId: 't', name }));
  app.get(
    '/mine',
    identify,
    limits.of(() => 'read'),
    (c) => c.text('yours'),
  );
  app.post(
    '/mine',
    identify,
    limits.of(() => 'write'),
    (c) => c.text('done'),
  );
  return (address: string, path = '/', { as = '', method = 'GET' } = {}) =>
    app.request(
      path,
      { method, headers: as ? { Authorization: `Bearer ${as}` } : {} },
      { requestIP: () => ({ address }) },
    );
}

test('an address is refused beyond its limit, others are not', async () => {
  const ask = client([row]);
  const first = await ask('203.0.113.1');
  expect(first.status).toBe(200);
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'ratelimit-policy': '"address";q=2;w=60',
    ratelimit: '"address";r=1;t=60',
    'ratelimit-limit': '2',
    'ratelimit-remaining': '1',
    'ratelimit-reset': '60',
  });
  expect((await ask('203.0.113.1')).status).toBe(200);
  const refused = await ask('203.0.113.1');
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
  expect((await ask('203.0.113.2')).status).toBe(200);
});

test('a person is counted wherever he comes from, by class too, and all rows are told', async () => {
  const ask = client([row, perUser, writes]);
  const first = await ask('203.0.113.1', '/mine', { as: 'ada', method: 'POST' });
  expect(first.headers.get('RateLimit')).toBe(
    '"address";r=1;t=60, "user";r=2;t=60, "write";r=0;t=60',
  );
  const second = await ask('203.0.113.2', '/mine', { as: 'ada', method: 'POST' });
  expect(await second.json()).toMatchObject({ status: 429, errors: [{ path: 'write' }] });
  for (const address of ['203.0.113.3', '203.0.113.4']) {
    expect((await ask(address, '/mine', { as: 'ada' })).status).toBe(200);
  }
  expect((await ask('203.0.113.5', '/mine', { as: 'ada' })).status).toBe(429);
  expect((await ask('203.0.113.5', '/mine', { as: 'bob' })).status).toBe(200);
});

test('what one row refuses is not counted in the others', async () => {
  const ask = client([{ ...row, limit: 3 }, perUser, writes]);
  const post = () => ask('203.0.113.1', '/mine', { as: 'ada', method: 'POST' });
  expect((await post()).status).toBe(200);
  for (let i = 0; i < 5; i++) expect((await post()).status).toBe(429);
  const read = await ask('203.0.113.1', '/mine', { as: 'ada' });
  expect(read.headers.get('RateLimit')).toBe('"address";r=1;t=60, "user";r=1;t=60');
});

test('those whose token is still being looked at are as many as may be, too', async () => {
  const app = new Hono<HttpEnv>();
  app.onError(answerProblem(log));
  const limits = limitRequests(createRateLimits({ rows: [{ ...row, limit: 5 }] }), () => ({}));
  app.use(clientAddress(), limits.around);
  const looked = Promise.withResolvers<void>();
  let looking = 0;
  const identify = bearer(async (name) => {
    looking++;
    await looked.promise;
    return { tenantId: 't', name };
  });
  app.get(
    '/mine',
    identify,
    limits.of(() => 'read'),
    (c) => c.text('yours'),
  );
  const headers = { Authorization: 'Bearer ada' };
  const from = { requestIP: () => ({ address: '203.0.113.1' }) };
  const asked = Array.from({ length: 50 }, () => app.request('/mine', { headers }, from));
  await Bun.sleep(1);
  expect(looking).toBe(5);
  looked.resolve();
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
});

test('whoever is turned away for his token is counted', async () => {
  const ask = client([row]);
  for (let i = 0; i < 2; i++) {
    expect((await ask('203.0.113.1', '/mine', { as: 'ä' })).status).toBe(401);
  }
  expect((await ask('203.0.113.1', '/mine', { as: 'ä' })).status).toBe(429);
});

test('without Valkey the process counts for itself at once where that is declared', async () => {
  const valkey = new Redis('redis://127.0.0.1:1', { retryStrategy: () => 50 });
  valkey.on('error', () => {});
  try {
    const limits = createRateLimits({ rows: [row], valkey });
    const checks = ['a', 'a', 'a'].map((address) => limits.check('read', { address }));
    const later = new Promise<never>((_, reject) => setImmediate(reject, new Error('It waited')));
    const answers = await Promise.race([Promise.all(checks), later]);
    expect(answers.map(([one]) => one?.allowed)).toEqual([true, true, false]);
    const closed = createRateLimits({ rows: [{ ...row, away: 'closed' }], valkey });
    await expect(closed.check('read', { address: 'a' })).rejects.toMatchObject({ status: 503 });
  } finally {
    valkey.disconnect();
  }
});

test('a Valkey that does not answer is not waited for', async () => {
  const silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const valkey = new Redis(silent.port, '127.0.0.1', { enableReadyCheck: false });
  valkey.on('error', () => {});
  try {
    await new Promise((resolve) => valkey.once('connect', resolve));
    await Bun.sleep(10);
    const [one] = await createRateLimits({ rows: [row], valkey }).check('read', { address: 'a' });
    expect(one?.allowed).toBe(true);
  } finally {
    valkey.disconnect();
    silent.stop(true);
  }
});

test('a window ends, and what is remembered is bounded', async () => {
  let now = 0;
  const limits = createRateLimits({ rows: [row], nowMs: () => now });
  const allowed = async () => (await limits.check('read', { address: 'a' }))[0]?.allowed;
  expect([await allowed(), await allowed(), await allowed()]).toEqual([true, true, false]);
  now = 60_000;
  expect(await allowed()).toBe(true);
});

test.each([
  ['203.0.113.1', '203.0.113.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['unknown', 'unknown'],
])('%s counts as %s', (address, expected) => {
  expect(network(address)).toBe(expected);
});
