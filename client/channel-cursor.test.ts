import { expect, test } from 'bun:test';
import type { ChannelEvent } from '../shared/contract/shapes.ts';
import { ChannelCursor } from './channel-cursor.ts';

const channel = 'private-conversation-x';
const event = (offset: number, epoch = 'a', id = `evt_${epoch}${offset}`): ChannelEvent => ({
  id,
  channel,
  epoch,
  offset,
  type: 'message.created',
  data: {},
  at: '',
});
const answer = (offset: number, events: number[] = [], recovered = true, epoch = 'a') => ({
  epoch,
  offset,
  recovered,
  events: events.map((n) => event(n, epoch)),
});
const offsets = (events: ChannelEvent[]) => events.map(({ offset }) => offset);

function joined(offset: number): ChannelCursor {
  const cursor = new ChannelCursor();
  cursor.join(answer(offset, [], false));
  return cursor;
}

test('the first answer is no gap and names the position', () => {
  const cursor = new ChannelCursor();
  expect(cursor.join(answer(5, [], false))).toEqual({ isGap: false, fresh: [] });
  expect(cursor.position).toEqual({ epoch: 'a', offset: 5 });
});

test('live events move the position; each counts once, and jumps are no gaps', () => {
  const cursor = joined(5);
  const taken = [6, 7, 7, 6, 5, 1_000_008].filter((n) => cursor.accept(event(n)));
  expect(taken).toEqual([6, 7, 1_000_008]);
  expect(cursor.position).toEqual({ epoch: 'a', offset: 1_000_008 });
});

test('nothing is taken between connections, so that the next answer brings it in order', () => {
  const cursor = joined(5);
  cursor.leave();
  expect(cursor.accept(event(7))).toBe(false);
  expect(cursor.position).toEqual({ epoch: 'a', offset: 5 });
  const { isGap, fresh } = cursor.join(answer(8, [6, 7, 8]));
  expect({ isGap, fresh: offsets(fresh) }).toEqual({ isGap: false, fresh: [6, 7, 8] });
  expect(cursor.accept(event(8))).toBe(false);
  expect(cursor.accept(event(9))).toBe(true);
});

test('an answer that reaches further back than the position repeats nothing', () => {
  const cursor = joined(5);
  cursor.accept(event(6));
  cursor.leave();
  expect(offsets(cursor.join(answer(7, [6, 7])).fresh)).toEqual([7]);
});

test('an empty answer moves the position to its end', () => {
  const cursor = joined(5);
  cursor.leave();
  cursor.join(answer(5));
  expect(cursor.position).toEqual({ epoch: 'a', offset: 5 });
});

test('a log that does not reach back is a gap, and later events come', () => {
  const cursor = joined(5);
  cursor.leave();
  expect(cursor.join(answer(90, [], false))).toEqual({ isGap: true, fresh: [] });
  expect(cursor.position).toEqual({ epoch: 'a', offset: 90 });
  expect(cursor.accept(event(91))).toBe(true);
});

test('another epoch begins anew, also below the old offset', () => {
  const cursor = joined(500);
  cursor.leave();
  expect(cursor.join(answer(2, [], false, 'b')).isGap).toBe(true);
  expect(cursor.accept(event(3, 'b'))).toBe(true);
  expect(cursor.position).toEqual({ epoch: 'b', offset: 3 });
});

test('an event that got a second place after the log was lost is known by its id', () => {
  const cursor = joined(0);
  cursor.accept(event(1, 'a', 'evt_same'));
  cursor.leave();
  cursor.join(answer(0, [], false, 'b'));
  expect(cursor.accept(event(1, 'b', 'evt_same'))).toBe(false);
  expect(cursor.accept(event(2, 'b'))).toBe(true);
});

test('the memory of ids is bounded', () => {
  const cursor = joined(0);
  for (let n = 1; n <= 5_000; n++) expect(cursor.accept(event(n))).toBe(true);
  cursor.leave();
  cursor.join(answer(0, [], false, 'b'));
  expect(cursor.accept(event(1, 'b', 'evt_a5000'))).toBe(false);
  expect(cursor.accept(event(2, 'b', 'evt_a1'))).toBe(true);
});
