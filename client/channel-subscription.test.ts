import { expect, test } from 'bun:test';
import type { ChannelEvent, SocketInputs } from '../shared/contract/shapes.ts';
import { until } from '../shared/testing/until.ts';
import { ChannelSubscription, type SubscribeCallback } from './channel-subscription.ts';

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

function setUp() {
  const requests: {
    request: Omit<SocketInputs['subscribe'], 'channel'>;
    callback: SubscribeCallback;
  }[] = [];
  const received: unknown[] = [];
  const seen = { errors: [] as unknown[], tokenRefreshes: 0, refused: 0, isConnected: true };
  const subscription = new ChannelSubscription({
    channel,
    isConnected: () => seen.isConnected,
    subscribe: ({ channel: _, ...request }, callback) => requests.push({ request, callback }),
    refreshToken: async () => void seen.tokenRefreshes++,
    onError: (error) => seen.errors.push(error),
    onRefused: () => seen.refused++,
  });
  subscription.listeners.add({
    onEvent: ({ offset }) => received.push(offset),
    onGap: ({ position }) => received.push(`gap ${position.offset}`),
    onEnd: ({ message }) => received.push(message),
  });
  const answer = (...given: Parameters<SubscribeCallback>) => requests.at(-1)?.callback(...given);
  return { subscription, requests, received, seen, answer };
}

const nextAttempt = async (requests: unknown[], count: number) => {
  await until(() => requests.length, { equals: count });
};

test('subscribe: events of the acknowledgement are delivered before live ones of the same turn', async () => {
  const { subscription, received, answer } = setUp();
  subscription.subscribe();
  answer(null, accepted(0, [], false));
  subscription.leave();
  subscription.subscribe();
  answer(null, accepted(2, [event(1), event(2)]));
  subscription.onEvent(event(3));
  expect(received).toEqual([1, 2, 3]);
  await subscription.ready;
});

test('subscribe: every connection starts at the last position, and late acknowledgements are ignored', () => {
  const { subscription, requests, received, answer } = setUp();
  subscription.subscribe();
  const [first] = requests;
  subscription.leave();
  subscription.subscribe();
  first?.callback(null, accepted(9, [event(9)], false));
  expect(received).toEqual([]);
  answer(null, accepted(4, [], false));
  subscription.onEvent(event(5));
  subscription.leave();
  subscription.onEvent(event(6));
  subscription.subscribe();
  expect(requests.map(({ request }) => request)).toEqual([{}, {}, { epoch: 'a', offset: 5 }]);
  answer(null, accepted(7, [], false));
  expect(received).toEqual([5, 'gap 7']);
});

test.each([
  ['no response', [new Error('timeout')]],
  ['a failure', [null, { ok: false, error: problem(503) }]],
  ['another attempt in progress', [null, { ok: false, error: problem(409) }]],
] as [string, Parameters<SubscribeCallback>][])('subscribe: %s is retried', async (_, given) => {
  const { subscription, requests, received, answer } = setUp();
  subscription.subscribe();
  answer(...given);
  await nextAttempt(requests, 2);
  answer(null, accepted(0, [], false));
  subscription.onEvent(event(1));
  expect(received).toEqual([1]);
});

test('subscribe: it is not retried when the connection is lost', async () => {
  const { subscription, requests, seen, answer } = setUp();
  subscription.subscribe();
  seen.isConnected = false;
  answer(new Error('timeout'));
  await Bun.sleep(400);
  expect(requests).toHaveLength(1);
});

test.each([404, 403, 422])('subscribe: %d ends the subscription', async (status) => {
  const { subscription, requests, received, seen, answer } = setUp();
  subscription.subscribe();
  answer(null, { ok: false, error: problem(status, 'NO') });
  expect(received).toEqual(['NO: ']);
  expect(seen.refused).toBe(1);
  expect(await subscription.ready.catch((error) => error.status)).toBe(status);
  await Bun.sleep(400);
  expect(requests).toHaveLength(1);
});

test('subscribe: a 401 refreshes the token first, three times at most', async () => {
  const { subscription, requests, received, seen, answer } = setUp();
  subscription.subscribe();
  for (let n = 1; n <= 3; n++) {
    answer(null, { ok: false, error: problem(401, 'SESSION_ENDED') });
    await nextAttempt(requests, n + 1);
  }
  answer(null, { ok: false, error: problem(401, 'SESSION_ENDED') });
  expect(seen.tokenRefreshes).toBe(3);
  expect(received).toEqual(['SESSION_ENDED: ']);
});

test('listeners: an error of one does not affect the others, a removed one gets nothing', () => {
  const { subscription, received, seen, answer } = setUp();
  const leaving = { onEvent: () => received.push('not me'), onGap: () => {} };
  subscription.listeners.add({
    onEvent() {
      subscription.listeners.delete(leaving);
      throw new Error('mine');
    },
    onGap: () => {},
  });
  subscription.listeners.add(leaving);
  subscription.subscribe();
  answer(null, accepted(2, [event(1), event(2)], true));
  expect(received).toEqual([1, 2]);
  expect(seen.errors).toHaveLength(2);
});
