import { expect, test } from 'bun:test';
import { createAutoscaler } from './autoscaler.ts';

function createTestScaler(names: string[]) {
  const calls: string[] = [];
  const desired: (number | undefined)[] = [];
  const scaler = createAutoscaler({
    names,
    readDesired: async () => desired.shift(),
    start: async (name) => void calls.push(`start ${name}`),
    stop: async (name) => void calls.push(`stop ${name}`),
    log: () => {},
  });
  const check = async (...values: (number | undefined)[]) => {
    desired.push(...values);
    for (const _ of values) await scaler.check();
    return calls.splice(0);
  };
  return { ...scaler, check };
}

test('the autoscaler starts and stops one worker at a time, and none while the desired number is unknown', async () => {
  const { check } = createTestScaler(['worker-2', 'worker-3']);
  expect(await check(1, undefined)).toEqual([]);
  expect(await check(3, 3, 3)).toEqual(['start worker-2', 'start worker-3']);
  expect(await check(9, undefined, 3)).toEqual([]);
  expect(await check(2, 1, 1, 0)).toEqual(['stop worker-3', 'stop worker-2']);
  expect(await check(2)).toEqual(['start worker-2']);
});

test('the autoscaler starts nothing without extra workers or after close', async () => {
  expect(await createTestScaler([]).check(3)).toEqual([]);
  const { check, close } = createTestScaler(['worker-2']);
  close();
  expect(await check(2)).toEqual([]);
});
