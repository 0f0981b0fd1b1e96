import { expect, test } from 'bun:test';
import { createTokenBucket } from './token-bucket.ts';

test('createTokenBucket: a burst passes, then the steady rate, and idle time saves at most one burst', () => {
  let nowMs = 0;
  const { take } = createTokenBucket({ perSecond: 10, burst: 20 }, () => nowMs);
  const passed = (calls: number) => Array.from({ length: calls }, take).filter(Boolean).length;
  expect(passed(50)).toBe(20);
  nowMs = 1_000;
  expect(passed(50)).toBe(10);
  nowMs = 3_600_000;
  expect(passed(50)).toBe(20);
});

test('createTokenBucket: a charge above the tokens is owed, and delays until it is paid', () => {
  let nowMs = 0;
  const bucket = createTokenBucket({ perSecond: 10, burst: 20 }, () => nowMs);
  bucket.charge(15);
  expect(bucket.delayMs()).toBe(0);
  bucket.charge(15);
  expect(bucket.delayMs()).toBe(1_000);
  expect([bucket.take(), bucket.isFull()]).toEqual([false, false]);
  nowMs = 3_000;
  expect([bucket.delayMs(), bucket.isFull()]).toEqual([0, true]);
});
