import { expect, test } from 'bun:test';
import { type Scaling, scale } from './scaling.ts';

const policy = {
  least: 1,
  most: 3,
  oldestSeconds: 5,
  waitingPerWorker: 100,
  upAfterMs: 3_000,
  downAfterMs: 60_000,
};
const calm = { waiting: 0, oldestSeconds: 0 };

test.each<[string, Scaling, typeof calm, number, Scaling]>([
  ['nothing to do', { workers: 1 }, calm, 0, { workers: 1 }],
  [
    'a job waits',
    { workers: 1 },
    { waiting: 1, oldestSeconds: 6 },
    9,
    { workers: 1, pressedSince: 9 },
  ],
  [
    'for a while',
    { workers: 1, pressedSince: 0 },
    { waiting: 1, oldestSeconds: 6 },
    2_999,
    { workers: 1, pressedSince: 0 },
  ],
  [
    'for too long',
    { workers: 1, pressedSince: 0 },
    { waiting: 1, oldestSeconds: 6 },
    3_000,
    { workers: 2, pressedSince: 3_000 },
  ],
  [
    'no more than three',
    { workers: 3, pressedSince: 0 },
    { waiting: 1, oldestSeconds: 60 },
    9_999,
    { workers: 3, pressedSince: 0 },
  ],
  [
    'many wait',
    { workers: 1, pressedSince: 0 },
    { waiting: 101, oldestSeconds: 0 },
    3_000,
    { workers: 2, pressedSince: 3_000 },
  ],
  [
    'as many for two',
    { workers: 2, pressedSince: 0 },
    { waiting: 199, oldestSeconds: 0 },
    3_000,
    { workers: 2 },
  ],
  [
    'it was but a moment',
    { workers: 1, pressedSince: 0 },
    { waiting: 9, oldestSeconds: 4 },
    3_000,
    { workers: 1 },
  ],
  ['calm', { workers: 2 }, calm, 9, { workers: 2, calmSince: 9 }],
  ['calm for a while', { workers: 2, calmSince: 0 }, calm, 59_999, { workers: 2, calmSince: 0 }],
  ['calm for long', { workers: 3, calmSince: 0 }, calm, 60_000, { workers: 2, calmSince: 60_000 }],
  [
    'neither nor',
    { workers: 2, calmSince: 0 },
    { waiting: 51, oldestSeconds: 0 },
    60_000,
    { workers: 2 },
  ],
  ['no fewer than one', { workers: 1, calmSince: 0 }, calm, 99_999, { workers: 1 }],
  ['fewer are allowed now', { workers: 9 }, calm, 7, { workers: 3, calmSince: 7 }],
])('%s', (_, before, backlog, now, after) => {
  const queue = { ...backlog, isPaused: false };
  const paused = { waiting: 9_999, oldestSeconds: 9_999, isPaused: true };
  expect(scale(before, { queue, paused }, now, policy)).toEqual(after);
});
