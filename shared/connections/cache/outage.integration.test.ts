import { afterEach, beforeEach, expect, test } from 'bun:test';
import { UnavailableError } from '@insightdesk/shared/errors';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import type { Cache } from './index.ts';
import { openCache, startProxy } from './test-caches.ts';

let proxy: Awaited<ReturnType<typeof startProxy>>;
let here: ReturnType<typeof openCache>;
let there: ReturnType<typeof openCache>;
let cache: Cache;
let other: Cache;
const ttl = { ttlSeconds: 60, tags: ['t'] };

beforeEach(async () => {
  proxy = await startProxy();
  here = openCache({ url: proxy.url, timeoutMs: 500, restMs: 200, maxMemorySeconds: 0.3 });
  there = openCache();
  await Promise.all([here.isHeard(), there.isHeard()]);
  const tenantId = newId('org');
  cache = here.cache.forTenant(tenantId);
  other = there.cache.forTenant(tenantId);
});

afterEach(() => {
  here.close();
  there.close();
  proxy.close();
});

const isBack = (side: Cache) => async () => {
  const probe = crypto.randomUUID();
  await other.set(probe, 1, ttl);
  return (await side.get(probe)) === 1;
};

test.each(['cut', 'silent'] as const)(
  'Valkey %s: loads, nothing fails, few calls wait for it, and it recovers',
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
    await until(isBack(cache));
    // What could not be dropped or written in Valkey meanwhile is not there in an older version.
    await other.set('f', 1, ttl);
    expect(await cache.get<number>('f')).toBe(1);
  },
);

test('a source that fails too: expired values for a while, then its error', async () => {
  let isDown = false;
  const load = async () => {
    if (isDown) throw new UnavailableError('The source is down');
    return 'kept';
  };
  const ask = cache.memoize(() => 'k', load, ttl);
  await ask();
  isDown = true;
  proxy.set('cut');
  await Bun.sleep(350);
  expect(await ask()).toBe('kept');
  expect(here.cache.getStats().stale).toBe(1);
  const never = cache.memoize(() => 'never', load, ttl);
  await expect(never()).rejects.toThrow('The source is down');
});

test('what was dropped during an outage is gone everywhere after it', async () => {
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

test('drops that were missed while the bus was away are not believed to be absent', async () => {
  const patient = openCache({ url: proxy.url, maxMemorySeconds: 600 });
  await patient.isHeard();
  const tenantId = newId('org');
  const mine = patient.cache.forTenant(tenantId);
  await mine.set('a', 'old', ttl);
  proxy.set('cut');
  await there.cache.forTenant(tenantId).set('a', 'new', ttl);
  expect(await mine.get<string>('a')).toBe('old');
  proxy.set('open');
  await until(() => mine.get<string>('a'), { equals: 'new' });
  patient.close();
});

test('a holder of the lock that died is not waited for beyond its lease', async () => {
  const brief = openCache({ loadTimeoutMs: 300 });
  await brief.isHeard();
  const tenantId = newId('org');
  const hung = brief.cache.forTenant(tenantId).memoize(
    () => 'k',
    () => new Promise(() => {}),
    ttl,
  );
  void hung();
  await until(() => there.valkey.exists(`cache-lock:${tenantId}:main:k`), { equals: 1 });
  const asking = there.cache.forTenant(tenantId).memoize(
    () => 'k',
    async () => 'mine',
    ttl,
  );
  expect(await asking()).toBe('mine');
  brief.close();
});
