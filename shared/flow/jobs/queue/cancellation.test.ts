import { expect, test } from 'bun:test';
import { createCancellation } from './cancellation.ts';

const never = () => new Promise<never>(() => {});

test('run returns the outcome of the work, also when it throws synchronously', async () => {
  const cancellation = createCancellation(60_000);
  expect(await cancellation.run(async () => 7)).toBe(7);
  expect([cancellation.signal.aborted, cancellation.reason]).toEqual([false, undefined]);
  const failing = createCancellation(60_000).run(() => {
    throw new Error('synchronous');
  });
  await expect(failing).rejects.toThrow('synchronous');
});

test('cancel rejects the run and aborts the signal, also one that is read later', async () => {
  const [early, late] = [createCancellation(60_000), createCancellation(60_000)];
  const { signal } = early;
  const runs = [early, late].map((cancellation) => cancellation.run(never));
  for (const cancellation of [early, late]) cancellation.cancel('Cancelled');
  for (const run of runs) await expect(run).rejects.toBe('Cancelled');
  expect([signal.reason, late.signal.reason]).toEqual(['Cancelled', 'Cancelled']);
  expect([early.reason, late.reason]).toEqual(['Cancelled', 'Cancelled']);
});

test('a run that times out rejects with TIMEOUT and has no cancel reason', async () => {
  const cancellation = createCancellation(1);
  await expect(cancellation.run(never)).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true });
  expect(cancellation.signal.reason).toMatchObject({ code: 'TIMEOUT' });
  expect(cancellation.reason).toBeUndefined();
});

test('the second cancel request changes nothing', async () => {
  const cancellation = createCancellation(60_000);
  const run = cancellation.run(never);
  cancellation.cancel('first');
  cancellation.cancel('second');
  await expect(run).rejects.toBe('first');
  expect([cancellation.reason, cancellation.signal.reason]).toEqual(['first', 'first']);
});

test('the clock of the timeout stops while the run waits for a slot, and continues after it', async () => {
  const cancellation = createCancellation(40);
  const turns = [1, 2].map(() => Promise.withResolvers<void>());
  const run = cancellation.run(async () => {
    await Promise.all(turns.map(({ promise }) => cancellation.untimed(promise)));
    await never();
  });
  const states: string[] = [];
  run.catch(() => states.push('ended'));
  await Bun.sleep(80);
  turns[0]?.resolve();
  await Bun.sleep(80);
  states.push('waited');
  turns[1]?.resolve();
  await expect(run).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(states).toEqual(['waited', 'ended']);
});
