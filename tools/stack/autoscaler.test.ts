import { expect, test } from 'bun:test';
import { createAutoscaler } from './autoscaler.ts';

function open(names: string[]) {
  const calls: string[] = [];
  const answers: (number | undefined)[] = [];
  const scaler = createAutoscaler({
    names,
    readDesired: async () => answers.shift(),
    start: async (name) => void calls.push(`start ${name}`),
    stop: async (name) => void calls.push(`stop ${name}`),
    log: () => {},
  });
  const check = async (...wanted: (number | undefined)[]) => {
    answers.push(...wanted);
    for (const _ of wanted) await scaler.check();
    return calls.splice(0);
  };
  return { ...scaler, check };
}

test('workers start and stop one at a time, and stay while the number is unknown', async () => {
  const { check } = open(['worker-2', 'worker-3']);
  expect(await check(1, undefined)).toEqual([]);
  expect(await check(3, 3, 3)).toEqual(['start worker-2', 'start worker-3']);
  expect(await check(9, undefined, 3)).toEqual([]);
  expect(await check(2, 1, 1, 0)).toEqual(['stop worker-3', 'stop worker-2']);
  expect(await check(2)).toEqual(['start worker-2']);
});

test('the autoscaler starts nothing without extra workers or after close', async () => {
  expect(await open([]).check(3)).toEqual([]);
  const { check, close } = open(['worker-2']);
  close();
  expect(await check(2)).toEqual([]);
});
