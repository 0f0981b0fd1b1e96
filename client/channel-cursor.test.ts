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

test('join: the first acknowledgement sets the position and is no gap', () => {
  const cursor = new ChannelCursor();
  expect(cursor.join(answer(5, [], false))).toEqual({ isGap: false, fresh: [] });
  expect(cursor.position).toEqual({ epoch: 'a', offset: 5 });
});

test('accept: live events advance the position once, and jumps are no gaps', () => {
  const cursor = joined(5);
  const accepted = [6, 7, 7, 6, 5, 1_000_008].filter((n) => cursor.accept(event(n)));
  expect(accepted).toEqual([6, 7, 1_000_008]);
  expect(cursor.position).toEqual({ epoch: 'a', offset: 1_000_008 });
});

test('accept: events between connections are ignored, the next acknowledgement has them in order', () => {
  const cursor = joined(5);
  cursor.leave();
  expect(cursor.accept(event(7))).toBe(false);
  expect(cursor.position).toEqual({ epoch: 'a', offset: 5 });
  const { isGap, fresh } = cursor.join(answer(8, [6, 7, 8]));
  expect({ isGap, fresh: offsets(fresh) }).toEqual({ isGap: false, fresh: [6, 7, 8] });
  expect(cursor.accept(event(8))).toBe(false);
  expect(cursor.accept(event(9))).toBe(true);
});

test('join: events before the position are not repeated', () => {
  const cursor = joined(5);
  cursor.accept(event(6));
  cursor.leave();
  expect(offsets(cursor.join(answer(7, [6, 7])).fresh)).toEqual([7]);
});

test('join: an empty acknowledgement sets the position', () => {
  const cursor = joined(5);
  cursor.leave();
  cursor.join(answer(5));
  expect(cursor.position).toEqual({ epoch: 'a', offset: 5 });
});

test('join: a log that does not reach back is a gap, and later events are accepted', () => {
  const cursor = joined(5);
  cursor.leave();
  expect(cursor.join(answer(90, [], false))).toEqual({ isGap: true, fresh: [] });
  expect(cursor.position).toEqual({ epoch: 'a', offset: 90 });
  expect(cursor.accept(event(91))).toBe(true);
});

test('join: another epoch starts over, also below the old offset', () => {
  const cursor = joined(500);
  cursor.leave();
  expect(cursor.join(answer(2, [], false, 'b')).isGap).toBe(true);
  expect(cursor.accept(event(3, 'b'))).toBe(true);
  expect(cursor.position).toEqual({ epoch: 'b', offset: 3 });
});

test('accept: an event with a second position after a lost log is known by its id', () => {
  const cursor = joined(0);
  cursor.accept(event(1, 'a', 'evt_same'));
  cursor.leave();
  cursor.join(answer(0, [], false, 'b'));
  expect(cursor.accept(event(1, 'b', 'evt_same'))).toBe(false);
  expect(cursor.accept(event(2, 'b'))).toBe(true);
});

test('accept: the number of remembered ids is bounded', () => {
  const cursor = joined(0);
  for (let n = 1; n <= 5_000; n++) expect(cursor.accept(event(n))).toBe(true);
  cursor.leave();
  cursor.join(answer(0, [], false, 'b'));
  expect(cursor.accept(event(1, 'b', 'evt_a5000'))).toBe(false);
  expect(cursor.accept(event(2, 'b', 'evt_a1'))).toBe(true);
});
