import { expect, test } from 'bun:test';
import { reconnectDelayMs } from './create-valkey.ts';
import { throttleErrors } from './throttle-errors.ts';

test('throttleErrors: a thousand repetitions within a second are reported once', () => {
  let nowMs = 5_000;
  const reported: string[] = [];
  const onError = throttleErrors<Error>(
    ({ message }) => reported.push(message),
    () => nowMs,
  );
  for (let i = 0; i < 1_000; i++) onError(new Error(`first ${i}`));
  nowMs += 1_000;
  onError(new Error('second'));
  expect(reported).toEqual(['first 0', 'second']);
});

test.each([1, 2, 5, 50, 5_000])('reconnectDelayMs(%p) is between 50 ms and 2 s', (attempt) => {
  const delays = Array.from({ length: 200 }, () => reconnectDelayMs(attempt));
  expect(Math.max(...delays)).toBeLessThanOrEqual(2_000);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(50);
});
