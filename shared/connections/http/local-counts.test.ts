import { expect, test } from 'bun:test';
import { LocalCounts, mergeCount } from './local-counts.ts';

const windowMs = 60_000;

test('a flood of keys is forgotten again, the newest stay', () => {
  const counts = new LocalCounts();
  for (let i = 0; i < 60_000; i++) counts.of(`key ${i}`, windowMs, 0).count++;
  expect(counts.size).toBe(50_000);
  expect(counts.of('key 59999', windowMs, 1).count).toBe(1);
  expect(counts.of('key 0', windowMs, 1).count).toBe(0);
});

test.each([
  ['more than we know', { count: 7, endsAtMs: 10_000 }, 7],
  ['less, because some are under way', { count: 3, endsAtMs: 10_000 }, 5],
  ['the next window', { count: 1, endsAtMs: 69_000 }, 1],
])('Valkey tells of %s', (_, told, expected) => {
  const known = { count: 5, endsAtMs: 10_001 };
  mergeCount(known, told, windowMs);
  expect(known).toEqual({ count: expected, endsAtMs: told.endsAtMs });
});
