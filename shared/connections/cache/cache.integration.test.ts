import { afterAll, beforeAll, beforeEach, describe, expect, spyOn, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { UnavailableError } from '@insightdesk/shared/errors';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import type { Cache, MemoizeOptions } from './index.ts';
import { openCache } from './test-caches.ts';

const here = openCache();
const there = openCache();
let tenantId: Id<'org'>;
let cache: Cache;
let other: Cache;

beforeAll(() => Promise.all([here.isHeard(), there.isHeard()]));
afterAll(() => {
  here.close();
  there.close();
});
beforeEach(() => {
  tenantId = newId('org');
  cache = here.cache.forTenant(tenantId);
  other = there.cache.forTenant(tenantId);
});

const ttl = { ttlSeconds: 60 };

describe('values', () => {
  test('set, get and delete, alone and many, seen by another process', async () => {
    await cache.set('a', { n: 1, at: new Date(0) }, ttl);
    await cache.setMultiple(Object.entries({ b: 2, c: null }), ttl);
    const all = new Map<string, unknown>([
      ['a', { n: 1, at: '1970-01-01T00:00:00.000Z' }],
      ['b', 2],
      ['c', null],
    ]);
    for (const side of [cache, other]) {
      expect(await side.getMultiple<unknown>(['a', 'b', 'c', 'd'])).toEqual(all);
    }
    await other.delete('a');
    await other.deleteMultiple(['b', 'nothing']);
    expect(await other.getMultiple<unknown>(['a', 'b', 'c'])).toEqual(new Map([['c', null]]));
    await until(
      async () => (await cache.get('a')) === undefined && (await cache.get('b')) === undefined,
    );
  });

  test('many keys cost one command each way', async () => {
    const clients = [here.valkey, there.valkey].map((valkey) => spyOn(valkey, 'sendCommand'));
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    await cache.setMultiple(
      keys.map((key) => [key, 1]),
      ttl,
    );
    expect((await other.getMultiple(keys)).size).toBe(50);
    await cache.deleteMultiple(keys);
    const commands = clients.flatMap((client) => client.mock.calls.map(([{ name }]) => name));
    expect(commands.filter((name) => name.startsWith('eval'))).toHaveLength(3);
    for (const client of clients) client.mockRestore();
  });

  test('what one hands out another may change: no copy is shared', async () => {
    await cache.set('list', [1], ttl);
    (await cache.get<number[]>('list'))?.push(2);
    expect(await cache.get<number[]>('list')).toEqual([1]);
  });

  test('a value expires in both tiers', async () => {
    await cache.set('short', 1, { ttlSeconds: 4 });
    expect(await cache.get<number>('short')).toBe(1);
    expect(await other.get<number>('short')).toBe(1);
    for (const side of [cache, other]) {
      await until(() => side.get('short'), { equals: undefined });
    }
  });

  test('tenants and namespaces do not meet', async () => {
    const stranger = here.cache.forTenant(newId('org'));
    await cache.set('k', 'mine', { ...ttl, tags: ['t'] });
    await stranger.set('k', 'theirs', { ...ttl, tags: ['t'] });
    await here.cache.forEveryone().set('k', 'of all', ttl);
    await cache.namespace('other').set('k', 'elsewhere', { ...ttl, tags: ['t'] });
    expect(await other.get<string>('k')).toBe('mine');
    await other.deleteByTag('t');
    expect(await other.get('k')).toBeUndefined();
    expect(await other.namespace('other').get('k')).toBeUndefined();
    expect(await stranger.get<string>('k')).toBe('theirs');
    expect(await here.cache.forEveryone().get<string>('k')).toBe('of all');
    expect(() => cache.namespace('main:org_x')).toThrow(RangeError);
    await here.cache.forEveryone().delete('k');
  });

  test('figures', async () => {
    const before = here.cache.getStats();
    await cache.set('s', 1, ttl);
    await cache.get('s');
    await cache.getMultiple(['s', 'none']);
    const { hits, misses, size, hitRatio } = here.cache.getStats();
    expect({ hits: hits - before.hits, misses: misses - before.misses }).toEqual({
      hits: 2,
      misses: 1,
    });
    expect(size).toBeGreaterThan(0);
    expect(hitRatio).toBeCloseTo(hits / (hits + misses + before.stale));
  });
});

describe('dropping', () => {
  test('by tag: memory of another process too, within a moment', async () => {
    await cache.setMultiple(
      [
        ['a', 1],
        ['b', 2],
      ],
      { ...ttl, tags: ['staff'] },
    );
    await cache.set('c', 3, { ...ttl, tags: ['else'] });
    expect(await other.getMultiple<number>(['a', 'b', 'c'])).toHaveProperty('size', 3);
    await cache.deleteByTag('staff');
    expect(await cache.getMultiple<number>(['a', 'b', 'c'])).toEqual(new Map([['c', 3]]));
    await until(async () => (await other.getMultiple(['a', 'b'])).size, { equals: 0 });
    expect(await other.get<number>('c')).toBe(3);
  });

  test('2,500 values under one tag', async () => {
    const entries = Array.from({ length: 2_500 }, (_, i): [string, number] => [`k${i}`, i]);
    await cache.setMultiple(entries, { ...ttl, tags: ['many'] });
    await cache.deleteByTag('many');
    expect((await other.getMultiple(entries.map(([key]) => key))).size).toBe(0);
  });

  test('the list of a tag does not outgrow what lives', async () => {
    for (const key of ['a', 'b']) {
      const brief = openCache({ graceSeconds: 0 });
      await brief.cache.forTenant(tenantId).set(key, 1, { ttlSeconds: 0.05, tags: ['brief'] });
      brief.close();
      await Bun.sleep(100);
    }
    await cache.set('c', 1, { ...ttl, tags: ['brief'] });
    expect(await here.valkey.zcard(`cache-tag:${tenantId}:brief`)).toBe(1);
  });
});

describe('memoize', () => {
  type Options = MemoizeOptions<unknown, [key?: string]>;
  const count = (options: Options = ttl, load?: () => Promise<unknown>) => {
    let loads = 0;
    const work = async (_key?: string): Promise<unknown> => {
      loads++;
      return load ? load() : loads;
    };
    const on = (side: Cache) => side.memoize((key = 'm') => key, work, options);
    return { on, loads: () => loads };
  };

  test('once per key, whoever asks', async () => {
    const { on, loads } = count();
    const asking = [cache, other].flatMap((side) => Array.from({ length: 50 }, () => on(side)()));
    expect(new Set(await Promise.all(asking))).toEqual(new Set([1]));
    expect(await on(cache)('another')).toBe(2);
    expect(loads()).toBe(2);
  });

  test('the time to live may come from the result; 0 is not stored', async () => {
    const { on, loads } = count({ ttlSeconds: (n) => (n === 1 ? 0 : 60) });
    for (let i = 0; i < 4; i++) await on(cache)();
    expect(loads()).toBe(2);
  });

  test('undefined is not stored, null is', async () => {
    const nothing = count(ttl, async () => undefined);
    const none = count(ttl, async () => null);
    for (let i = 0; i < 3; i++) {
      expect(await nothing.on(cache)('undefined')).toBeUndefined();
      expect(await none.on(cache)('null')).toBeNull();
    }
    expect([nothing.loads(), none.loads()]).toEqual([3, 1]);
  });

  test('a failure is everyone’s who waited, and the next one loads again', async () => {
    const { on, loads } = count(ttl, async () => {
      await Bun.sleep(20);
      throw new Error('no');
    });
    const results = await Promise.allSettled([on(cache)(), on(cache)(), on(cache)()]);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(loads()).toBe(1);
    await expect(on(cache)()).rejects.toThrow('no');
  });

  test.each([
    ['by key', (side: Cache) => side.delete('m')],
    ['by tag', (side: Cache) => side.deleteByTag('t')],
  ])('a value that was dropped %s while it was loaded is not kept', async (_, drop) => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    let current = 'old';
    const load = async () => {
      const read = current;
      begun.resolve();
      await go.promise;
      return read;
    };
    const on = (side: Cache) => side.memoize(() => 'm', load, { ...ttl, tags: ['t'] });
    const early = on(cache)();
    await begun.promise;
    current = 'new';
    await drop(other);
    go.resolve();
    expect(await early).toBe('old');
    expect(await on(cache)()).toBe('new');
    expect(await on(other)()).toBe('new');
  });

  test('an expired value stands in when loading fails for a passing reason only', async () => {
    let failure: Error | undefined;
    const load = async () => {
      if (failure) throw failure;
      return 'kept';
    };
    const ask = () => cache.memoize(() => 'g', load, { ttlSeconds: 0.05 })();
    expect(await ask()).toBe('kept');
    await Bun.sleep(80);
    failure = new UnavailableError();
    expect(await ask()).toBe('kept');
    const stranger = other.memoize(() => 'g', load, { ttlSeconds: 1 });
    expect(await stranger()).toBe('kept');
    failure = new Error('a bug');
    await expect(ask()).rejects.toThrow('a bug');
  });
});
