import { expect, test } from 'bun:test';
import { reconnectDelayMs } from './create-valkey.ts';
import { throttleErrors } from './throttle-errors.ts';

test('an outage that repeats its error a thousand times is told once per second', () => {
  let nowMs = 5_000;
  const told: string[] = [];
  const onError = throttleErrors(
    (error) => told.push(error.message),
    () => nowMs,
  );
  for (let i = 0; i < 1_000; i++) onError(new Error(`first ${i}`));
  nowMs += 1_000;
  onError(new Error('second'));
  expect(told).toEqual(['first 0', 'second']);
});

test.each([1, 2, 5, 50, 5_000])('reconnect attempt %p waits at most 2 s, never nothing', (n) => {
  const delays = Array.from({ length: 200 }, () => reconnectDelayMs(n));
  expect(Math.max(...delays)).toBeLessThanOrEqual(2_000);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(50);
});
