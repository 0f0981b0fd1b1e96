import { expect, test } from 'bun:test';
import { createFairLine } from './fair-line.ts';

/** A line with works that end when they are told to. */
function open(concurrency: number, mostWaiting = 10) {
  const line = createFairLine({ concurrency, mostWaiting });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (owner: string, name: string) =>
    line(owner, () => {
      begun.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    });
  async function end(name: string) {
    ends.get(name)?.();
    await Bun.sleep(0);
  }
  return { line, begun, add, end };
}

test('owners take turns, each in its own order', async () => {
  const { begun, add, end } = open(1);
  for (const name of ['a1', 'a2', 'a3']) void add('a', name);
  const answer = add('b', 'b1');
  void add('b', 'b2');
  for (const name of ['a1', 'a2', 'b1', 'a3', 'b2']) await end(name);
  expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'b2']);
  expect(await answer).toBe('b1');
});

test('so many at a time, and no place is lost by a failure', async () => {
  const { line, begun, add, end } = open(2);
  const failure = line('a', () => Promise.reject(new Error('no')));
  for (const name of ['a1', 'a2', 'a3']) void add('a', name);
  expect(begun).toEqual(['a1']);
  await expect(failure).rejects.toThrow('no');
  await Bun.sleep(0);
  expect(begun).toEqual(['a1', 'a2']);
  await end('a2');
  expect(begun).toEqual(['a1', 'a2', 'a3']);
});

test('who has too much waiting is refused, others are not', async () => {
  const { begun, add, end } = open(1, 2);
  void add('a', 'a1');
  void add('a', 'a2');
  void add('a', 'a3');
  expect(add('a', 'a4')).toBeUndefined();
  expect(add('b', 'b1')).toBeDefined();
  await end('a1');
  expect(add('a', 'a5')).toBeDefined();
  for (const name of ['a2', 'b1', 'a3', 'a5']) await end(name);
  expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'a5']);
});
