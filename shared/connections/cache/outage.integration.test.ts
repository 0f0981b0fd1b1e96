import { afterEach, beforeEach, expect, test } from 'bun:test';
import { UnavailableError } from '@insightdesk/shared/errors';
import { startTcpProxy, testEnvironment, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import type { Cache } from './index.ts';
import { createTestCache } from './test-cache.ts';

let proxy: Awaited<ReturnType<typeof startTcpProxy>>;
let here: ReturnType<typeof createTestCache>;
let there: ReturnType<typeof createTestCache>;
let cache: Cache;
let other: Cache;
const ttl = { ttlSeconds: 60, tags: ['t'] };

beforeEach(async () => {
  proxy = await startTcpProxy(testEnvironment.valkeyUrl);
  here = createTestCache({ url: proxy.url, timeoutMs: 500, restMs: 200, maxMemoryMs: 300 });
  there = createTestCache();
  await Promise.all([here.waitUntilReady(), there.waitUntilReady()]);
  const tenantId = newId('org');
  cache = here.cache.forTenant(tenantId);
  other = there.cache.forTenant(tenantId);
});

afterEach(() => {
  here.close();
  there.close();
  proxy.close();
});

const hasRecovered = (side: Cache) => async () => {
  const probe = crypto.randomUUID();
  await other.set(probe, 1, ttl);
  return (await side.get(probe)) === 1;
};

test.each(['cut', 'silent'] as const)(
  'Valkey is %s: the cache loads, no call fails, few wait, and it recovers',
  async (state) => {
    let loads = 0;
    const ask = cache.memoize(
      (key: string) => key,
      async () => ++loads,
      ttl,
    );
    await ask('a');
    proxy.set(state);
    for (let i = 0; i < 50; i++) {
      await ask(`b${i}`);
      await cache.set(`c${i}`, i, ttl);
      await cache.get(`d${i}`);
      await cache.delete(`e${i}`);
    }
    expect(loads).toBe(51);
    expect(await cache.get<number>('c49')).toBe(49);
    // Of more than 200 calls a few fail and open the breaker, which lets one through at a time.
    expect(here.errors.length).toBeWithin(1, 50);
    proxy.set('open');
    await until(hasRecovered(cache));
    // Valkey has no older version of what could not be deleted or written meanwhile.
    await other.set('f', 1, ttl);
    expect(await cache.get<number>('f')).toBe(1);
  },
);

test('memoize: expired values stand in when Valkey and the source fail; without one the error is thrown', async () => {
  let isDown = false;
  const load = async () => {
    if (isDown) throw new UnavailableError('The source is down');
    return 'stored';
  };
  const ask = cache.memoize(() => 'k', load, ttl);
  await ask();
  isDown = true;
  proxy.set('cut');
  await Bun.sleep(350);
  expect(await ask()).toBe('stored');
  expect(here.cache.getStats().stale).toBe(1);
  const never = cache.memoize(() => 'never', load, ttl);
  await expect(never()).rejects.toThrow('The source is down');
});

test('values that were deleted during an outage are gone everywhere after it', async () => {
  await cache.setMultiple(
    [
      ['a', 'old'],
      ['b', 'old'],
    ],
    ttl,
  );
  expect((await other.getMultiple(['a', 'b'])).size).toBe(2);
  proxy.set('cut');
  await cache.delete('a');
  await cache.deleteByTag('t');
  expect((await cache.getMultiple(['a', 'b'])).size).toBe(0);
  proxy.set('open');
  await until(async () => (await other.getMultiple(['a', 'b'])).size, { equals: 0 });
});

test('memory is not trusted after invalidations may have been missed', async () => {
  const longLived = createTestCache({ url: proxy.url, maxMemoryMs: 600_000 });
  await longLived.waitUntilReady();
  const tenantId = newId('org');
  const own = longLived.cache.forTenant(tenantId);
  await own.set('a', 'old', ttl);
  proxy.set('cut');
  await there.cache.forTenant(tenantId).set('a', 'new', ttl);
  expect(await own.get<string>('a')).toBe('old');
  proxy.set('open');
  await until(() => own.get<string>('a'), { equals: 'new' });
  longLived.close();
});

test('memoize: a process that died while it held the lock is waited for until the lock expires', async () => {
  const brief = createTestCache({ lockMs: 300 });
  await brief.waitUntilReady();
  const tenantId = newId('org');
  const hung = brief.cache.forTenant(tenantId).memoize(
    () => 'k',
    () => new Promise(() => {}),
    ttl,
  );
  void hung();
  await until(() => there.valkey.exists(`cache:${tenantId}:lock:main:k`), { equals: 1 });
  const asking = there.cache.forTenant(tenantId).memoize(
    () => 'k',
    async () => 'own',
    ttl,
  );
  expect(await asking()).toBe('own');
  brief.close();
});
