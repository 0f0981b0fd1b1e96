import { expect, test } from 'bun:test';
import { NetworkError } from '@insightdesk/shared/errors';
import { createCircuitBreaker } from './index.ts';

const down = () => Promise.reject(new NetworkError('down'));

function build(openMs: number) {
  const changes: boolean[] = [];
  let calls = 0;
  const breaker = createCircuitBreaker({
    name: 'The mail server',
    failures: 3,
    openMs,
    isFailure: (error) => error instanceof NetworkError,
    onChange: (isOpen) => changes.push(isOpen),
  });
  const run = (work: () => Promise<unknown>) =>
    breaker
      .run(() => {
        calls++;
        return work();
      })
      .catch((error) => error);
  return { breaker, run, changes, calls: () => calls };
}

test('circuit breaker: opens after failures in a row, then refuses without calling', async () => {
  const { breaker, run, changes, calls } = build(60_000);
  await run(down);
  await run(down);
  expect(await run(async () => 7)).toBe(7);
  for (let i = 0; i < 3; i++) expect(await run(down)).toMatchObject({ name: 'NetworkError' });
  expect(await run(async () => 7)).toMatchObject({
    code: 'UNAVAILABLE',
    status: 503,
    retryable: true,
    headers: { 'Retry-After': '60' },
  });
  expect(calls()).toBe(6);
  expect(breaker.isOpen).toBe(true);
  expect(changes).toEqual([true]);
});

test('circuit breaker: errors that are no failures do not open it', async () => {
  const { breaker, run } = build(60_000);
  for (let i = 0; i < 9; i++) await run(() => Promise.reject(new Error('a wrong address')));
  expect(breaker.isOpen).toBe(false);
});

test('circuit breaker: one trial call after openMs; it closes when the trial succeeds', async () => {
  const { breaker, run, changes } = build(300);
  for (let i = 0; i < 3; i++) await run(down);
  await Bun.sleep(350);
  expect(await run(down)).toMatchObject({ name: 'NetworkError' });
  expect(await run(async () => 7)).toMatchObject({ code: 'UNAVAILABLE' });
  await Bun.sleep(350);
  expect(await run(async () => 7)).toBe(7);
  expect(breaker.isOpen).toBe(false);
  expect(changes).toEqual([true, false]);
});

test('circuit breaker: calls during a trial wait for its outcome', async () => {
  const { breaker, run, calls } = build(50);
  for (let i = 0; i < 3; i++) await run(down);
  await Bun.sleep(60);
  const trial = Promise.withResolvers<number>();
  const first = run(() => trial.promise);
  const second = run(async () => 8);
  await Bun.sleep(1);
  expect([breaker.isOpen, calls()]).toEqual([true, 4]);
  trial.resolve(7);
  expect(await Promise.all([first, second])).toEqual([7, 8]);
  expect(breaker.isOpen).toBe(false);
});
