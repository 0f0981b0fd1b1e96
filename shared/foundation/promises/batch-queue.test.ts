import { expect, test } from 'bun:test';
import { NetworkError } from '@insightdesk/shared/errors';
import { type BatchQueueOptions, createBatchQueue, deferred } from './index.ts';

function build(options: Partial<BatchQueueOptions<number>> = {}) {
  const batches: number[][] = [];
  const lost: { items: number[]; reason: string }[] = [];
  const queue = createBatchQueue<number>({
    work: async (items) => void batches.push([...items]),
    size: 3,
    waitMs: 60_000,
    capacity: 100,
    whenFull: 'refuse',
    onLost: (items, reason) => lost.push({ items, reason: (reason as Error).message }),
    ...options,
  });
  return { queue, batches, lost };
}

async function until(condition: () => boolean) {
  for (let i = 0; i < 500 && !condition(); i++) await Bun.sleep(10);
  expect(condition()).toBe(true);
}

test('a full batch leaves at once, a started one when its time is up', async () => {
  const bySize = build();
  for (const n of [1, 2, 3, 4]) bySize.queue.add(n);
  await until(() => bySize.batches.length === 1);
  expect(bySize.batches).toEqual([[1, 2, 3]]);
  expect(bySize.queue.getStats()).toEqual({ waiting: 1, done: 3, lost: 0 });
  const byTime = build({ waitMs: 5 });
  byTime.queue.add(1);
  await until(() => byTime.batches.length === 1);
});

test('the urgent leave first, the old first among equals', async () => {
  const { queue, batches } = build();
  queue.add(1);
  queue.add(2, 5);
  await queue.drain(1000);
  expect(batches).toEqual([[2, 1]]);
});

test('full: the new one is refused, or displaces the oldest of the lowest priority', async () => {
  const refusing = build({ size: 10, capacity: 2 });
  expect([1, 2, 3].map((n) => refusing.queue.add(n))).toEqual([true, true, false]);
  expect(refusing.lost).toEqual([{ items: [3], reason: 'The queue is full' }]);
  const displacing = build({ size: 10, capacity: 2, whenFull: 'displace' });
  displacing.queue.add(1);
  displacing.queue.add(2, 5);
  expect(displacing.queue.add(3)).toBe(true);
  expect(displacing.queue.add(4, -1)).toBe(false);
  expect(displacing.lost.map(({ items }) => items)).toEqual([[1], [4]]);
  await displacing.queue.drain(1000);
  expect(displacing.batches).toEqual([[2, 3]]);
});

test('a batch is tried again with growing delays; what fails for good is reported', async () => {
  let calls = 0;
  const work = async (items: number[]) => {
    calls++;
    if (items[0] === 1 && calls < 3) throw new NetworkError('down', { retryable: true });
    if (items[0] === 2) throw new Error('a bug');
  };
  const { queue, lost } = build({ work, size: 1, retry: { attempts: 3, baseMs: 1 } });
  queue.add(1);
  queue.add(2);
  queue.add(3);
  await queue.drain(5000);
  expect(calls).toBe(5);
  expect(lost).toEqual([{ items: [2], reason: 'a bug' }]);
  expect(queue.getStats()).toEqual({ waiting: 0, done: 2, lost: 1 });
});

test('no more batches start in a window than the rate allows', async () => {
  const begun: number[] = [];
  const work = async ([n]: number[]) => void begun.push(n as number);
  const rate = { max: 2, windowMs: 3_600_000 };
  const { queue, lost } = build({ work, size: 1, rate });
  for (const n of [1, 2, 3, 4, 5]) queue.add(n);
  await queue.drain(100);
  expect(begun).toEqual([1, 2]);
  expect(lost.flatMap(({ items }) => items)).toEqual([3, 4, 5]);
});

test('with the next window the next batches start', async () => {
  const { queue, batches } = build({ size: 1, rate: { max: 2, windowMs: 20 } });
  for (const n of [1, 2, 3, 4, 5]) queue.add(n);
  await queue.drain(5000);
  expect(batches).toEqual([[1], [2], [3], [4], [5]]);
});

test('draining takes nothing more, and gives up in time when the work hangs', async () => {
  const never = deferred<void>();
  const { queue, lost } = build({ work: () => never.promise, size: 1 });
  queue.add(1);
  queue.add(2);
  const draining = queue.drain(20);
  expect(queue.add(3)).toBe(false);
  await draining;
  const reason = 'The time to empty the queue was up';
  expect(lost).toEqual([[1], [2]].map((items) => ({ items, reason })));
});
