import { expect, test } from 'bun:test';
import { createFairQueue } from './fair-queue.ts';

/** A queue of calls that end when the test says so. */
function createQueue(concurrency: number, maxWaiting = 10, maxBytes = 100) {
  const queue = createFairQueue({ concurrency, maxWaiting, maxBytes });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (owner: string, name: string, bytes = 0) => {
    const work = () => {
      started.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    };
    return queue(owner, work, bytes);
  };
  async function end(name: string) {
    ends.get(name)?.();
    await Bun.sleep(0);
  }
  return { queue, started, add, end };
}

test('fair queue: owners take turns, each in its own order', async () => {
  const { started, add, end } = createQueue(1);
  for (const name of ['a1', 'a2', 'a3']) void add('a', name);
  const result = add('b', 'b1');
  void add('b', 'b2');
  for (const name of ['a1', 'a2', 'b1', 'a3', 'b2']) await end(name);
  expect(started).toEqual(['a1', 'a2', 'b1', 'a3', 'b2']);
  expect(await result).toBe('b1');
});

test('fair queue: concurrency is limited, and a failed call frees its place', async () => {
  const { queue, started, add, end } = createQueue(2);
  const failure = queue('a', () => Promise.reject(new Error('no')));
  for (const name of ['a1', 'a2', 'a3']) void add('a', name);
  expect(started).toEqual(['a1']);
  await expect(failure).rejects.toThrow('no');
  await Bun.sleep(0);
  expect(started).toEqual(['a1', 'a2']);
  await end('a2');
  expect(started).toEqual(['a1', 'a2', 'a3']);
});

test('fair queue: an owner with too many waiting calls is refused, other owners are not', async () => {
  const { started, add, end } = createQueue(1, 2);
  void add('a', 'a1');
  void add('a', 'a2');
  void add('a', 'a3');
  expect(add('a', 'a4')).toBeUndefined();
  expect(add('b', 'b1')).toBeDefined();
  await end('a1');
  expect(add('a', 'a5')).toBeDefined();
  for (const name of ['a2', 'b1', 'a3', 'a5']) await end(name);
  expect(started).toEqual(['a1', 'a2', 'b1', 'a3', 'a5']);
});

test('fair queue: running calls take at most maxBytes, a larger one runs alone and is not overtaken', async () => {
  const { started, add, end } = createQueue(10, 10, 100);
  for (const [owner, name, bytes] of [
    ['a', 'a1', 60],
    ['b', 'b1', 40],
    ['c', 'large', 500],
    ['d', 'd1', 1],
  ] as const) {
    void add(owner, name, bytes);
  }
  expect(started).toEqual(['a1', 'b1']);
  await end('a1');
  expect(started).toEqual(['a1', 'b1']);
  await end('b1');
  expect(started).toEqual(['a1', 'b1', 'large']);
  await end('large');
  expect(started).toEqual(['a1', 'b1', 'large', 'd1']);
});
