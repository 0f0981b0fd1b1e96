import { expect, test } from 'bun:test';
import { createLogger } from '@insightdesk/shared/logging';
import { Hono } from 'hono';
import { Redis } from 'iovalkey';
import { answerProblem } from './answer-problem.ts';
import { clientAddress } from './client-address.ts';
import type { HttpEnv } from './env.ts';
import { limitAddresses, network } from './limit-addresses.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit.ts';

const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });
const rule = { name: 'test', windowMs: 60_000, maxRequests: 2 };

function client(limiter: RateLimiter) {
  const app = new Hono<HttpEnv>();
  app.onError(answerProblem(log));
  app.use(clientAddress(), limitAddresses(limiter));
  app.get('/', (c) => c.text('welcome'));
  return (address: string) => app.request('/', {}, { requestIP: () => ({ address }) });
}

test('an address is refused beyond its limit, others are not', async () => {
  const ask = client(createRateLimiter(rule));
  const first = await ask('203.0.113.1');
  expect(first.status).toBe(200);
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'ratelimit-policy': '2;w=60',
    'ratelimit-limit': '2',
    'ratelimit-remaining': '1',
    'ratelimit-reset': '60',
  });
  expect((await ask('203.0.113.1')).status).toBe(200);
  const refused = await ask('203.0.113.1');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('RateLimit-Remaining')).toBe('0');
  expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect(refused.headers.get('Content-Type')).toBe('application/problem+json');
  expect(await refused.json()).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS' });
  expect((await ask('203.0.113.2')).status).toBe(200);
});

test('without Valkey the process counts for itself at once: declared fail-open', async () => {
  const valkey = new Redis('redis://127.0.0.1:1', { retryStrategy: () => 50 });
  valkey.on('error', () => {});
  try {
    const limiter = createRateLimiter({ ...rule, valkey });
    const checks = ['a', 'a', 'a'].map((key) => limiter.check(key));
    const later = new Promise<never>((_, reject) => setImmediate(reject, new Error('It waited')));
    const answers = await Promise.race([Promise.all(checks), later]);
    expect(answers.map(({ allowed }) => allowed)).toEqual([true, true, false]);
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
    const { allowed } = await createRateLimiter({ ...rule, valkey }).check('a');
    expect(allowed).toBe(true);
  } finally {
    valkey.disconnect();
    silent.stop(true);
  }
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
