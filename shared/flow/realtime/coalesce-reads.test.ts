import { expect, test } from 'bun:test';
import type { Position } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import type { LogSnapshot } from './channel-log.ts';
import { coalesceReads } from './coalesce-reads.ts';
import { roomOf } from './room.ts';

const room = roomOf(newId('org'), 'c');

function setUp() {
  const reads: (PromiseWithResolvers<LogSnapshot> & { after: Position | undefined })[] = [];
  const read = coalesceReads((_, after) => {
    const answer = Promise.withResolvers<LogSnapshot>();
    reads.push({ ...answer, after });
    return answer.promise;
  });
  const answer = (n: number) =>
    reads[n]?.resolve({ epoch: 'e', offset: n, recovered: false, bytes: 0, events: [] });
  return { reads, read, answer };
}

test('coalesceReads: calls during a read share the next one, never the running one', async () => {
  const { reads, read, answer } = setUp();
  const first = read(room);
  const others = [read(room), read(room), read(room)];
  expect(reads).toHaveLength(1);
  answer(0);
  expect((await first).offset).toBe(0);
  await Bun.sleep(0);
  expect(reads).toHaveLength(2);
  const late = read(room);
  answer(1);
  expect((await Promise.all(others)).map(({ offset }) => offset)).toEqual([1, 1, 1]);
  await Bun.sleep(0);
  answer(2);
  expect((await late).offset).toBe(2);
});

test('coalesceReads: other positions and other rooms have reads of their own', () => {
  const { reads, read } = setUp();
  void read(room);
  void read(room, { epoch: 'e', offset: 1 });
  void read(room, { epoch: 'e', offset: 2 });
  void read(roomOf(newId('org'), 'c'));
  expect(reads.map(({ after }) => after?.offset)).toEqual([undefined, 1, 2, undefined]);
});

test('coalesceReads: a failed read rejects its calls, and the next read runs all the same', async () => {
  const { reads, read, answer } = setUp();
  const first = read(room);
  const second = read(room);
  reads[0]?.reject(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  await Bun.sleep(0);
  answer(1);
  expect((await second).offset).toBe(1);
});
