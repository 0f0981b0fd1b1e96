import { expect, test } from 'bun:test';
import { NetworkError } from '@insightdesk/shared/errors';
import { until } from '../../testing/until.ts';
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

test('batch queue: a full batch is sent at once, an incomplete one after waitMs', async () => {
  const bySize = build();
  for (const n of [1, 2, 3, 4]) bySize.queue.add(n);
  await until(() => bySize.batches.length, { equals: 1 });
  expect(bySize.batches).toEqual([[1, 2, 3]]);
  expect(bySize.queue.getStats()).toEqual({ waiting: 1, done: 3, lost: 0 });
  const byTime = build({ waitMs: 5 });
  byTime.queue.add(1);
  await until(() => byTime.batches.length, { equals: 1 });
});

test('batch queue: higher priorities go first, older items first among equals', async () => {
  const { queue, batches } = build();
  queue.add(1);
  queue.add(2, 5);
  await queue.drain(1000);
  expect(batches).toEqual([[2, 1]]);
});

test('batch queue: a full queue refuses the new item or displaces the oldest of the lowest priority', async () => {
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

test('batch queue: a retryable failure repeats the batch, another failure is reported as lost', async () => {
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

test('batch queue: no more batches start in a window than the rate allows', async () => {
  const started: number[] = [];
  const work = async ([n]: number[]) => void started.push(n as number);
  const rate = { max: 2, windowMs: 3_600_000 };
  const { queue, lost } = build({ work, size: 1, rate });
  for (const n of [1, 2, 3, 4, 5]) queue.add(n);
  await queue.drain(100);
  expect(started).toEqual([1, 2]);
  expect(lost.flatMap(({ items }) => items)).toEqual([3, 4, 5]);
});

test('batch queue: the next batches start with the next window', async () => {
  const { queue, batches } = build({ size: 1, rate: { max: 2, windowMs: 20 } });
  for (const n of [1, 2, 3, 4, 5]) queue.add(n);
  await queue.drain(5000);
  expect(batches).toEqual([[1], [2], [3], [4], [5]]);
});

test('batch queue: draining refuses new items and times out when the work hangs', async () => {
  const never = deferred<void>();
  const { queue, lost } = build({ work: () => never.promise, size: 1 });
  queue.add(1);
  queue.add(2);
  const draining = queue.drain(20);
  expect(queue.add(3)).toBe(false);
  await draining;
  const reason = 'Timed out draining the queue';
  expect(lost).toEqual([[1], [2]].map((items) => ({ items, reason })));
});
