import { expect, test } from 'bun:test';
import { MAX_FAILING_MS, retryDelay, retryDelaysMs } from './retry-delays.ts';

const HOUR_MS = 3_600_000;

test('retry delays add up to about three days', () => {
  const all = retryDelaysMs.reduce((sum, delay) => sum + delay, 0);
  expect(all / HOUR_MS).toBeGreaterThan(70);
  expect(all / HOUR_MS).toBeLessThan(75);
  expect(MAX_FAILING_MS).toBe(72 * HOUR_MS);
});

test('retry delays are jittered by 10 %, and the last attempt has none', () => {
  for (const [index, mean] of retryDelaysMs.entries()) {
    const delays = Array.from({ length: 50 }, () => retryDelay(index + 1, undefined) as number);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(mean * 0.9);
    expect(Math.max(...delays)).toBeLessThanOrEqual(mean * 1.1);
    expect(new Set(delays).size).toBeGreaterThan(1);
  }
  expect(retryDelay(retryDelaysMs.length + 1, undefined)).toBeUndefined();
});

const inTwoHours = () => new Date(Date.now() + 2 * HOUR_MS).toUTCString();

test.each([
  ['600', 600_000, 600_000],
  ['1', 4_500, 5_500],
  ['0', 4_500, 5_500],
  [String(30 * 24 * 3600), 12 * HOUR_MS, 12 * HOUR_MS],
  ['soon', 4_500, 5_500],
  ['-5', 4_500, 5_500],
  [inTwoHours(), 2 * HOUR_MS - 10_000, 2 * HOUR_MS],
])('Retry-After: %s delays the next attempt by %d to %d ms', (retryAfter, min, max) => {
  const delay = retryDelay(1, retryAfter);
  expect(delay).toBeGreaterThanOrEqual(min);
  expect(delay).toBeLessThanOrEqual(max);
});
