import { expect, test } from 'bun:test';
import { createAutoscaler } from './autoscaler.ts';

function open(names: string[]) {
  const told: string[] = [];
  const answers: (number | undefined)[] = [];
  const scaler = createAutoscaler({
    names,
    ask: async () => answers.shift(),
    start: async (name) => void told.push(`start ${name}`),
    stop: async (name) => void told.push(`stop ${name}`),
    log: () => {},
  });
  const looks = async (...wanted: (number | undefined)[]) => {
    answers.push(...wanted);
    for (const _ of wanted) await scaler.look();
    return told.splice(0);
  };
  return { ...scaler, looks };
}

test('workers come and go one at a time, and stay while nobody knows', async () => {
  const { looks } = open(['worker-2', 'worker-3']);
  expect(await looks(1, undefined)).toEqual([]);
  expect(await looks(3, 3, 3)).toEqual(['start worker-2', 'start worker-3']);
  expect(await looks(9, undefined, 3)).toEqual([]);
  expect(await looks(2, 1, 1, 0)).toEqual(['stop worker-3', 'stop worker-2']);
  expect(await looks(2)).toEqual(['start worker-2']);
});

test('where one worker is enough, or everything stops, nothing is started', async () => {
  expect(await open([]).looks(3)).toEqual([]);
  const { looks, close } = open(['worker-2']);
  close();
  expect(await looks(2)).toEqual([]);
});
