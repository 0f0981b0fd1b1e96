import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { UnavailableError } from '@insightdesk/shared/errors';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import type { MemoizeOptions } from './cache.ts';
import { type Cache, purgeTenant } from './index.ts';
import { createTestCache } from './test-cache.ts';

const here = createTestCache();
const there = createTestCache();
let tenantId: Id<'org'>;
let cache: Cache;
let other: Cache;

beforeAll(() => Promise.all([here.waitUntilReady(), there.waitUntilReady()]));
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
  test('setCached and getCached: values of one organization, in other processes too', async () => {
    await here.cache.setCached(tenantId, 'k', { n: 1 }, 60);
    expect(await there.cache.getCached<{ n: number }>(tenantId, 'k')).toEqual({ n: 1 });
    expect(await there.cache.getCached<unknown>(newId('org'), 'k')).toBeUndefined();
  });

  test('get, set and delete, one or several keys, reach other processes', async () => {
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

  test('a returned value is a copy: changing it changes no other', async () => {
    await cache.set('list', [1], ttl);
    (await cache.get<number[]>('list'))?.push(2);
    expect(await cache.get<number[]>('list')).toEqual([1]);
  });

  test('values expire in both tiers', async () => {
    await cache.set('short', 1, { ttlSeconds: 4 });
    expect(await cache.get<number>('short')).toBe(1);
    expect(await other.get<number>('short')).toBe(1);
    for (const side of [cache, other]) {
      await until(() => side.get('short'), { equals: undefined });
    }
  });

  test('tenants and namespaces are separate', async () => {
    const foreign = here.cache.forTenant(newId('org'));
    await cache.set('k', 'mine', { ...ttl, tags: ['t'] });
    await foreign.set('k', 'theirs', { ...ttl, tags: ['t'] });
    await cache.namespace('other').set('k', 'elsewhere', { ...ttl, tags: ['t'] });
    expect(await other.get<string>('k')).toBe('mine');
    await other.deleteByTag('t');
    expect(await other.get('k')).toBeUndefined();
    expect(await other.namespace('other').get('k')).toBeUndefined();
    expect(await foreign.get<string>('k')).toBe('theirs');
    expect(() => cache.namespace('main:org_x')).toThrow(RangeError);
  });

  test('getStats counts hits and misses', async () => {
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

describe('invalidation', () => {
  test('deleteByTag reaches the memory of other processes', async () => {
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

  test('deleteByTag deletes 2,500 values', async () => {
    const entries = Array.from({ length: 2_500 }, (_, i): [string, number] => [`k${i}`, i]);
    await cache.setMultiple(entries, { ...ttl, tags: ['many'] });
    await cache.deleteByTag('many');
    expect((await other.getMultiple(entries.map(([key]) => key))).size).toBe(0);
  });

  test('keys of tags expire, and not before the values that have them', async () => {
    await cache.set('brief', 1, { ttlSeconds: 1, tags: ['expiring'] });
    await cache.set('long', 1, { ttlSeconds: 90, tags: ['expiring'] });
    await cache.set('brief', 1, { ttlSeconds: 1, tags: ['expiring'] });
    const leftMs = await here.valkey.pttl(`cache:${tenantId}:tag:expiring`);
    expect(leftMs).toBeWithin(90_000, 391_000);
  });

  test('purgeTenant deletes values and tags of one tenant', async () => {
    const foreign = here.cache.forTenant(newId('org'));
    for (const side of [cache, foreign]) await side.set('k', 1, { ...ttl, tags: ['t'] });
    expect(await purgeTenant(here.valkey, tenantId)).toBe(2);
    await until(async () => (await other.get('k')) === undefined);
    expect(await foreign.get<number>('k')).toBe(1);
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

  test('the loader runs once per key for all callers of two processes', async () => {
    const { on, loads } = count();
    const asking = [cache, other].flatMap((side) => Array.from({ length: 50 }, () => on(side)()));
    expect(new Set(await Promise.all(asking))).toEqual(new Set([1]));
    expect(await on(cache)('another')).toBe(2);
    expect(loads()).toBe(2);
  });

  test('the lifetime may depend on the time that loading took', async () => {
    const times: number[] = [];
    const slow = cache.memoize(
      () => 'slow',
      async () => {
        await Bun.sleep(60);
        return 1;
      },
      {
        ttlSeconds: (_, executionMs) => {
          times.push(executionMs);
          return executionMs > 30 ? 60 : 0;
        },
      },
    );
    await slow();
    await slow();
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThan(30);
  });

  test('the TTL may come from the result, and 0 is not stored', async () => {
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

  test('all waiting callers get the error of a load, and the next call loads again', async () => {
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
  ])('a value that is deleted %s while it loads is not stored', async (_, invalidate) => {
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
    await invalidate(other);
    go.resolve();
    expect(await early).toBe('old');
    expect(await on(cache)()).toBe('new');
    expect(await on(other)()).toBe('new');
  });

  test('an expired value stands in for a load with a retryable error only', async () => {
    let failure: Error | undefined;
    const load = async () => {
      if (failure) throw failure;
      return 'stored';
    };
    const ask = () => cache.memoize(() => 'g', load, { ttlSeconds: 0.05 })();
    expect(await ask()).toBe('stored');
    await Bun.sleep(80);
    failure = new UnavailableError();
    expect(await ask()).toBe('stored');
    const remote = other.memoize(() => 'g', load, { ttlSeconds: 1 });
    expect(await remote()).toBe('stored');
    failure = new Error('a bug');
    await expect(ask()).rejects.toThrow('a bug');
  });
});
