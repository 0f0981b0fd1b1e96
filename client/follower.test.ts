import { expect, test } from 'bun:test';
import type { ChannelEvent, SocketInputs } from '../shared/contract/shapes.ts';
import { type Acknowledged, Follower } from './follower.ts';

const channel = 'private-conversation-x';
const event = (offset: number): ChannelEvent => ({
  id: `evt_${offset}`,
  channel,
  epoch: 'a',
  offset,
  type: 't',
  data: {},
  at: '',
});
const problem = (status: number, code = 'X') => ({
  type: 'about:blank',
  title: '',
  status,
  code,
  detail: '',
  requestId: '',
});
const accepted = (offset: number, events: ChannelEvent[] = [], recovered = true) => ({
  ok: true as const,
  epoch: 'a',
  offset,
  recovered,
  events,
});

function stage() {
  const asked: { request: Omit<SocketInputs['subscribe'], 'channel'>; done: Acknowledged }[] = [];
  const heard: unknown[] = [];
  const seen = { errors: [] as unknown[], renewals: 0, refused: 0, isConnected: true };
  const follower = new Follower({
    channel,
    isConnected: () => seen.isConnected,
    subscribe: ({ channel: _, ...request }, done) => asked.push({ request, done }),
    renew: async () => void seen.renewals++,
    onError: (error) => seen.errors.push(error),
    onRefused: () => seen.refused++,
  });
  follower.listeners.add({
    onEvent: ({ offset }) => heard.push(offset),
    onGap: ({ position }) => heard.push(`gap ${position.offset}`),
    onEnd: ({ message }) => heard.push(message),
  });
  const answer = (...given: Parameters<Acknowledged>) => asked.at(-1)?.done(...given);
  return { follower, asked, heard, seen, answer };
}

const nextAttempt = async (asked: unknown[], count: number) => {
  const end = performance.now() + 5_000;
  while (asked.length < count && performance.now() < end) await Bun.sleep(5);
  expect(asked).toHaveLength(count);
};

test('events of the answer come before live ones that are handled in the same turn', async () => {
  const { follower, heard, answer } = stage();
  follower.join();
  answer(null, accepted(0, [], false));
  follower.leave();
  follower.join();
  answer(null, accepted(2, [event(1), event(2)]));
  follower.live(event(3));
  expect(heard).toEqual([1, 2, 3]);
  await follower.ready;
});

test('every connection subscribes from where the last one ended; late answers are ignored', () => {
  const { follower, asked, heard, answer } = stage();
  follower.join();
  const [first] = asked;
  follower.leave();
  follower.join();
  first?.done(null, accepted(9, [event(9)], false));
  expect(heard).toEqual([]);
  answer(null, accepted(4, [], false));
  follower.live(event(5));
  follower.leave();
  follower.live(event(6));
  follower.join();
  expect(asked.map(({ request }) => request)).toEqual([{}, {}, { epoch: 'a', offset: 5 }]);
  answer(null, accepted(7, [], false));
  expect(heard).toEqual([5, 'gap 7']);
});

test.each([
  ['no answer', [new Error('timeout')]],
  ['a failure', [null, { ok: false, error: problem(503) }]],
  ['another attempt under way', [null, { ok: false, error: problem(409) }]],
] as [string, Parameters<Acknowledged>][])('%s is tried again', async (_, given) => {
  const { follower, asked, heard, answer } = stage();
  follower.join();
  answer(...given);
  await nextAttempt(asked, 2);
  answer(null, accepted(0, [], false));
  follower.live(event(1));
  expect(heard).toEqual([1]);
});

test('nothing is asked when the connection has gone', async () => {
  const { follower, asked, seen, answer } = stage();
  follower.join();
  seen.isConnected = false;
  answer(new Error('timeout'));
  await Bun.sleep(400);
  expect(asked).toHaveLength(1);
});

test.each([404, 403, 422])('%d ends it', async (status) => {
  const { follower, asked, heard, seen, answer } = stage();
  follower.join();
  answer(null, { ok: false, error: problem(status, 'NO') });
  expect(heard).toEqual(['NO: ']);
  expect(seen.refused).toBe(1);
  expect(await follower.ready.catch((error) => error.status)).toBe(status);
  await Bun.sleep(400);
  expect(asked).toHaveLength(1);
});

test('a stale session is renewed first, but not for ever', async () => {
  const { follower, asked, heard, seen, answer } = stage();
  follower.join();
  for (let n = 1; n <= 3; n++) {
    answer(null, { ok: false, error: problem(401, 'SESSION_ENDED') });
    await nextAttempt(asked, n + 1);
  }
  answer(null, { ok: false, error: problem(401, 'SESSION_ENDED') });
  expect(seen.renewals).toBe(3);
  expect(heard).toEqual(['SESSION_ENDED: ']);
});

test('what a listener throws keeps nothing from the others; who left hears nothing', () => {
  const { follower, heard, seen, answer } = stage();
  const leaving = { onEvent: () => heard.push('not me'), onGap: () => {} };
  follower.listeners.add({
    onEvent() {
      follower.listeners.delete(leaving);
      throw new Error('mine');
    },
    onGap: () => {},
  });
  follower.listeners.add(leaving);
  follower.join();
  answer(null, accepted(2, [event(1), event(2)], true));
  expect(heard).toEqual([1, 2]);
  expect(seen.errors).toHaveLength(2);
});
