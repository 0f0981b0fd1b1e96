import { expect, test } from 'bun:test';
import { createRunStop } from './run-stop.ts';

const never = () => new Promise<never>(() => {});

test('work that ends by itself gives its outcome, also when it throws at once', async () => {
  const stop = createRunStop(60_000);
  expect(await stop.guard(async () => 7)).toBe(7);
  expect([stop.signal.aborted, stop.cancelledBy]).toEqual([false, undefined]);
  const failing = createRunStop(60_000).guard(() => {
    throw new Error('at once');
  });
  await expect(failing).rejects.toThrow('at once');
});

test('a cancelled run ends without its work, and its signal says why, whenever it is asked for', async () => {
  const [early, late] = [createRunStop(60_000), createRunStop(60_000)];
  const { signal } = early;
  const runs = [early, late].map((stop) => stop.guard(never));
  for (const stop of [early, late]) stop.cancel('Cancelled');
  for (const run of runs) await expect(run).rejects.toBe('Cancelled');
  expect([signal.reason, late.signal.reason]).toEqual(['Cancelled', 'Cancelled']);
  expect([early.cancelledBy, late.cancelledBy]).toEqual(['Cancelled', 'Cancelled']);
});

test('a run whose time is up ends so, and was cancelled by nobody', async () => {
  const stop = createRunStop(1);
  await expect(stop.guard(never)).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true });
  expect(stop.signal.reason).toMatchObject({ code: 'TIMEOUT' });
  expect(stop.cancelledBy).toBeUndefined();
});

test('the first end counts', async () => {
  const stop = createRunStop(60_000);
  const run = stop.guard(never);
  stop.cancel('first');
  stop.cancel('second');
  await expect(run).rejects.toBe('first');
  expect([stop.cancelledBy, stop.signal.reason]).toEqual(['first', 'first']);
});
