import { expect, test } from 'bun:test';
import { createMemoryTier } from './memory-tier.ts';

const open = () => createMemoryTier({ maxBytes: 1_000_000, maxMemoryMs: 60_000, graceMs: 0 });
const value = (...tags: string[]) => ({ text: '1', tags, leftMs: 60_000 });

test('memory tier: a value that was read before an invalidation is not returned', () => {
  const memory = open();
  const version = memory.version();
  memory.invalidate(['tag']);
  memory.set('a', value('tag'), version);
  memory.set('b', value('other'), version);
  expect(memory.get('a')).toBeUndefined();
  expect(memory.get('b')?.text).toBe('1');
  memory.set('a', value('tag'), memory.version());
  expect(memory.get('a')?.text).toBe('1');
});

test('memory tier: invalidateAll also covers values that are being read', () => {
  const memory = open();
  memory.set('a', value(), memory.version());
  const version = memory.version();
  memory.invalidateAll();
  memory.set('b', value(), version);
  expect([memory.get('a'), memory.get('b')]).toEqual([undefined, undefined]);
});

test('memory tier: with more than 10,000 invalidations the oldest values are invalid', () => {
  const memory = open();
  const names = Array.from({ length: 10_001 }, (_, i) => `key ${i}`);
  memory.invalidate(names.slice(0, 1));
  memory.set('old', value('key 0'), 0);
  memory.set('before', value(), 0);
  memory.set('after', value(), memory.version());
  for (const name of names.slice(1)) memory.invalidate([name]);
  expect([memory.get('old'), memory.get('before')]).toEqual([undefined, undefined]);
  expect(memory.get('after')?.text).toBe('1');
});
