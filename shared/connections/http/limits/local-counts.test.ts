import { expect, test } from 'bun:test';
import { LocalCounts, mergeCount } from './local-counts.ts';

const windowMs = 60_000;

test('LocalCounts: above the maximum the oldest keys are evicted', () => {
  const counts = new LocalCounts();
  for (let i = 0; i < 60_000; i++) counts.get(`key ${i}`, windowMs, 0).count++;
  expect(counts.size).toBe(50_000);
  expect(counts.get('key 59999', windowMs, 1).count).toBe(1);
  expect(counts.get('key 0', windowMs, 1).count).toBe(0);
});

test.each([
  ['a higher count', { count: 7, endsAtMs: 10_000 }, 7],
  ['a lower count, because requests are pending', { count: 3, endsAtMs: 10_000 }, 5],
  ['the count of the next window', { count: 1, endsAtMs: 69_000 }, 1],
])('mergeCount: Valkey has %s', (_, remote, expected) => {
  const local = { count: 5, endsAtMs: 10_001 };
  mergeCount(local, remote, windowMs);
  expect(local).toEqual({ count: expected, endsAtMs: remote.endsAtMs });
});
