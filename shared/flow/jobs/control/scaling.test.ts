import { expect, test } from 'bun:test';
import { type Scaling, scale } from './scaling.ts';

const policy = {
  minWorkers: 1,
  maxWorkers: 3,
  oldestSeconds: 5,
  waitingPerWorker: 100,
  upAfterMs: 3_000,
  downAfterMs: 60_000,
};
const idle = { waiting: 0, oldestSeconds: 0 };

test.each<[string, Scaling, typeof idle, number, Scaling]>([
  ['one worker stays when there is no backlog', { workers: 1 }, idle, 0, { workers: 1 }],
  [
    'an old job starts the delay before scaling up',
    { workers: 1 },
    { waiting: 1, oldestSeconds: 6 },
    9,
    { workers: 1, overloadedSince: 9 },
  ],
  [
    'the number stays until the delay has passed',
    { workers: 1, overloadedSince: 0 },
    { waiting: 1, oldestSeconds: 6 },
    2_999,
    { workers: 1, overloadedSince: 0 },
  ],
  [
    'a worker is added after the delay',
    { workers: 1, overloadedSince: 0 },
    { waiting: 1, oldestSeconds: 6 },
    3_000,
    { workers: 2, overloadedSince: 3_000 },
  ],
  [
    'the maximum is never exceeded',
    { workers: 3, overloadedSince: 0 },
    { waiting: 1, oldestSeconds: 60 },
    9_999,
    { workers: 3, overloadedSince: 0 },
  ],
  [
    'many waiting jobs add a worker',
    { workers: 1, overloadedSince: 0 },
    { waiting: 101, oldestSeconds: 0 },
    3_000,
    { workers: 2, overloadedSince: 3_000 },
  ],
  [
    'the same number of jobs is fine for two workers',
    { workers: 2, overloadedSince: 0 },
    { waiting: 199, oldestSeconds: 0 },
    3_000,
    { workers: 2 },
  ],
  [
    'a short backlog changes nothing',
    { workers: 1, overloadedSince: 0 },
    { waiting: 9, oldestSeconds: 4 },
    3_000,
    { workers: 1 },
  ],
  [
    'an idle queue starts the delay before scaling down',
    { workers: 2 },
    idle,
    9,
    { workers: 2, underloadedSince: 9 },
  ],
  [
    'the number stays until the idle delay has passed',
    { workers: 2, underloadedSince: 0 },
    idle,
    59_999,
    { workers: 2, underloadedSince: 0 },
  ],
  [
    'a worker is removed after the idle delay',
    { workers: 3, underloadedSince: 0 },
    idle,
    60_000,
    { workers: 2, underloadedSince: 60_000 },
  ],
  [
    'a load between both limits resets the delay',
    { workers: 2, underloadedSince: 0 },
    { waiting: 51, oldestSeconds: 0 },
    60_000,
    { workers: 2 },
  ],
  [
    'the minimum is never undercut',
    { workers: 1, underloadedSince: 0 },
    idle,
    99_999,
    { workers: 1 },
  ],
  ['a lower maximum applies at once', { workers: 9 }, idle, 7, { workers: 3, underloadedSince: 7 }],
])('scale: %s', (_, before, backlog, now, after) => {
  const queue = { ...backlog, isPaused: false };
  const paused = { waiting: 9_999, oldestSeconds: 9_999, isPaused: true };
  expect(scale(before, { queue, paused }, now, policy)).toEqual(after);
});
