import { expect, test } from 'bun:test';
import { until } from './until.ts';

const quickly = { timeoutMs: 20, intervalMs: 1 };

test('until: returns the first value that is truthy, equal or large enough', async () => {
  let calls = 0;
  expect(await until(() => ++calls > 2 && `call ${calls}`)).toBe('call 3');
  expect(await until(async () => ++calls, { atLeast: 6 })).toBe(6);
  expect(await until(() => [calls, ++calls], { equals: [8, 9] })).toEqual([8, 9]);
});

test('until: a timeout reports what it waited for and the last value', async () => {
  const deliveries = ['a', 'b', 'c'];
  await expect(until(() => deliveries.length, { ...quickly, equals: 2 })).rejects.toThrow(
    'Timed out after 20 ms waiting for deliveries.length to equal 2; last value: 3',
  );
  await expect(until(async () => deliveries.at(5), quickly)).rejects.toThrow(
    'waiting for deliveries.at(5); last value: undefined',
  );
  await expect(until('a sixth delivery', () => deliveries.at(5), quickly)).rejects.toThrow(
    'waiting for a sixth delivery; last value: undefined',
  );
});

test('until: an error of the probe ends the wait unless it is to be ignored', async () => {
  const failing = () => Promise.reject(new Error('connection refused'));
  await expect(until(failing, quickly)).rejects.toThrow('connection refused');
  await expect(until('the API', failing, { ...quickly, ignoreErrors: true })).rejects.toThrow(
    'waiting for the API; last error: Error: connection refused',
  );
});

test('until: the stack of a timeout shows the caller', async () => {
  const error = await until(() => false, quickly).catch((reason: Error) => reason);
  expect((error as Error).stack).toContain('until.test.ts');
});
