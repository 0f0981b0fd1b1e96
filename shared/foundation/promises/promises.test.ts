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

test('withTimeout: rejects with a retryable error, and passes a result in time', async () => {
  const never = deferred<void>();
  await expect(withTimeout(never.promise, 5)).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(await withTimeout(async () => 7, 1000)).toBe(7);
});

test('withTimeout: the signal of the work aborts on a timeout and when the caller aborts', async () => {
  const reasons: unknown[] = [];
  const work = (signal: AbortSignal) =>
    sleep(60_000, signal).catch((reason) => reasons.push(reason));
  await expect(withTimeout(work, 5)).rejects.toMatchObject({ code: 'TIMEOUT' });
  const caller = new AbortController();
  const waiting = withTimeout(work, 60_000, caller.signal);
  caller.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  await sleep(1);
  expect(reasons).toEqual([expect.objectContaining({ code: 'TIMEOUT' }), new Error('left')]);
});

test('withTimeout: work that throws synchronously rejects', async () => {
  const work = () => {
    throw new Error('thrown');
  };
  await expect(withTimeout(work, 1_000)).rejects.toThrow('thrown');
});

test('sleep: an abort before or during it rejects at once', async () => {
  await expect(sleep(60_000, AbortSignal.abort(new Error('early')))).rejects.toThrow('early');
  const controller = new AbortController();
  const sleeping = sleep(60_000, controller.signal);
  controller.abort(new Error('later'));
  await expect(sleeping).rejects.toThrow('later');
});

test('limitConcurrency and mapConcurrent: no more calls run at a time than the limit', async () => {
  let running = 0;
  let max = 0;
  const work = async () => {
    max = Math.max(max, ++running);
    await sleep(1);
    running--;
  };
  const limited = limitConcurrency(3);
  await Promise.all(Array.from({ length: 20 }, () => limited(work)));
  expect(max).toBe(3);
  const failing = () => Promise.reject(new Error('no'));
  await Promise.allSettled(Array.from({ length: 5 }, () => limited(failing)));
  expect(await limited(async () => 7)).toBe(7);
  await mapConcurrent(Array.from({ length: 20 }), 2, work);
  expect(max).toBe(3);
  expect(await mapConcurrent([1, 2, 3], 2, async (n) => n * 2)).toEqual([2, 4, 6]);
});

test('mapConcurrent: no further call starts after the first failure', async () => {
  const started: number[] = [];
  const mapping = mapConcurrent([1, 2, 3, 4, 5], 2, async (n) => {
    started.push(n);
    await sleep(n);
    if (n === 1) throw new Error('first');
  });
  await expect(mapping).rejects.toThrow('first');
  await sleep(10);
  expect(started).toEqual([1, 2]);
});

test('retry: the delay doubles up to maxMs, and an abort ends it', async () => {
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

test('retry: ends with success, with the last attempt and with an error that is not retryable', async () => {
  const flaky = (failures: number, error: Error) => async (attempt: number) => {
    if (attempt <= failures) throw error;
    return attempt;
  };
  const transient = new NetworkError('down', { retryable: true });
  const options = { attempts: 3, baseMs: 1 };
  expect(await retry(flaky(2, transient), options)).toBe(3);
  await expect(retry(flaky(3, transient), options)).rejects.toBe(transient);
  let calls = 0;
  const fatal = retry(async () => {
    calls++;
    throw new Error('a bug');
  }, options);
  await expect(fatal).rejects.toThrow('a bug');
  expect(calls).toBe(1);
});

test('batch: is sent when full or after waitMs, and fails as a whole', async () => {
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
