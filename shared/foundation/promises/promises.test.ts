import { expect, spyOn, test } from 'bun:test';
import { NetworkError } from '@insightdesk/shared/errors';
import {
  batch,
  deferred,
  limitConcurrency,
  mapConcurrent,
  retry,
  sleep,
  withTimeout,
} from './index.ts';

test('a timeout rejects with a retryable error and an answer in time passes', async () => {
  const never = deferred<void>();
  await expect(withTimeout(never.promise, 5)).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(await withTimeout(async () => 7, 1000)).toBe(7);
});

test('work that is given up is told so, by the deadline or by the caller', async () => {
  const told: unknown[] = [];
  const work = (signal: AbortSignal) => sleep(60_000, signal).catch((reason) => told.push(reason));
  await expect(withTimeout(work, 5)).rejects.toMatchObject({ code: 'TIMEOUT' });
  const caller = new AbortController();
  const waiting = withTimeout(work, 60_000, caller.signal);
  caller.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  await sleep(1);
  expect(told).toEqual([expect.objectContaining({ code: 'TIMEOUT' }), new Error('left')]);
});

test('sleep ends at once when aborted, before or during', async () => {
  await expect(sleep(60_000, AbortSignal.abort(new Error('early')))).rejects.toThrow('early');
  const controller = new AbortController();
  const sleeping = sleep(60_000, controller.signal);
  controller.abort(new Error('later'));
  await expect(sleeping).rejects.toThrow('later');
});

test('no more calls are under way than allowed', async () => {
  let now = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++now);
    await sleep(1);
    now--;
  };
  const door = limitConcurrency(3);
  await Promise.all(Array.from({ length: 20 }, () => door(work)));
  expect(most).toBe(3);
  expect(await mapConcurrent([1, 2, 3], 2, async (n) => n * 2)).toEqual([2, 4, 6]);
});

test('the first failure of a map ends it: what waits is not begun', async () => {
  const begun: number[] = [];
  const mapping = mapConcurrent([1, 2, 3, 4, 5], 2, async (n) => {
    begun.push(n);
    await sleep(n);
    if (n === 1) throw new Error('first');
  });
  await expect(mapping).rejects.toThrow('first');
  await sleep(10);
  expect(begun).toEqual([1, 2]);
});

test('retry waits longer each time, up to a limit, and not after an abort', async () => {
  const timers = spyOn(globalThis, 'setTimeout');
  let calls = 0;
  const failing = async () => {
    calls++;
    throw new NetworkError('down');
  };
  const options = { attempts: 6, baseMs: 1, maxMs: 4, jitter: 0 };
  await expect(retry(failing, options)).rejects.toThrow('down');
  expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([1, 2, 4, 4, 4]);
  timers.mockRestore();
  const caller = new AbortController();
  const retrying = retry(failing, { attempts: 9, baseMs: 60_000, signal: caller.signal });
  caller.abort(new Error('left'));
  await expect(retrying).rejects.toThrow('left');
  expect(calls).toBe(7);
});

test('retry stops at success, at the limit, and at what is not worth it', async () => {
  const flaky = (failures: number, error: Error) => async (attempt: number) => {
    if (attempt <= failures) throw error;
    return attempt;
  };
  const passing = new NetworkError('down', { retryable: true });
  const options = { attempts: 3, baseMs: 1 };
  expect(await retry(flaky(2, passing), options)).toBe(3);
  await expect(retry(flaky(3, passing), options)).rejects.toBe(passing);
  let calls = 0;
  const fatal = retry(async () => {
    calls++;
    throw new Error('a bug');
  }, options);
  await expect(fatal).rejects.toThrow('a bug');
  expect(calls).toBe(1);
});

test('a batch is sent when full or when its time has come, and fails as one', async () => {
  const sizes: number[] = [];
  const double = batch(
    async (items: number[]) => {
      sizes.push(items.length);
      if (items.includes(13)) throw new Error('unlucky');
      return items.map((n) => n * 2);
    },
    { size: 2, waitMs: 5 },
  );
  expect(await Promise.all([double.add(1), double.add(2), double.add(3)])).toEqual([2, 4, 6]);
  expect(sizes).toEqual([2, 1]);
  const failed = await Promise.allSettled([double.add(13), double.add(14)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
