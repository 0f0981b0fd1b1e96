import { afterEach, expect, jest, test } from 'bun:test';
import type { KnownEvent, PresenceChange, PresentMember } from '../shared/contract/shapes.ts';
import { until } from '../shared/testing/until.ts';
import type { ChannelListener } from './channel-subscription.ts';
import { createPresence } from './presence.ts';

afterEach(() => {
  jest.useRealTimers();
});

const present = (userId: string, status = 'online'): PresentMember => ({
  userId,
  status,
  metadata: null,
  connections: 1,
});
const changed = (change: PresenceChange['change'], member: PresentMember): KnownEvent => ({
  id: '',
  channel: 'c',
  epoch: 'a',
  offset: 1,
  type: 'presence.changed',
  at: '',
  data: { ...member, change, lastSeenAt: '' },
});

function setUp() {
  const calls: string[] = [];
  const published: unknown[] = [];
  const errors: unknown[] = [];
  const requests: ((members: PresentMember[] | undefined) => void)[] = [];
  let channel: ChannelListener | undefined;
  const presence = createPresence({
    channel: 'c',
    listener: {
      onMembersChange: (members) => calls.push(members.map(({ userId }) => userId).join('+')),
      onMemberChange: ({ change, member }) =>
        calls.push(`${change} ${member.userId} ${member.status}`),
      onTypingChange: (userIds) => calls.push(`typing ${userIds.join('+')}`),
      onEnd: ({ message }) => calls.push(message),
    },
    subscribe(listener) {
      channel = listener;
      const publish = (type: string, data: unknown) => published.push([type, data]);
      return { ready: Promise.resolve(), publish, close: () => calls.push('unsubscribed') };
    },
    listMembers: () => new Promise((resolve) => requests.push(resolve)),
    onError: (error) => errors.push(error),
  });
  async function list(...members: PresentMember[]) {
    channel?.onSubscribed?.();
    requests.at(-1)?.(members);
    await Promise.resolve();
  }
  const receiveTyping = (from: string, data: unknown = { on: true }) =>
    channel?.onSignal?.({ channel: 'c', type: 'typing', data, from });
  const take = () => calls.splice(0);
  return {
    presence,
    channel: channel as ChannelListener,
    list,
    requests,
    take,
    receiveTyping,
    published,
    errors,
  };
}

test('presence: calls back with the list, then with joined, changed and left', async () => {
  const { presence, channel, list, take } = setUp();
  await list(present('ada'));
  expect(take()).toEqual(['ada']);
  channel.onEvent(changed('joined', present('bob')));
  channel.onEvent(changed('changed', present('bob', 'away')));
  channel.onEvent(changed('left', present('ada')));
  expect(take()).toEqual([
    ...['ada+bob', 'joined bob online', 'ada+bob', 'changed bob away'],
    ...['bob', 'left ada offline'],
  ]);
  expect(presence.members).toEqual([present('bob', 'away')]);
  channel.onEvent(changed('joined', present('bob', 'away')));
  channel.onEvent({ ...changed('left', present('bob')), type: 'message.created' } as KnownEvent);
  expect(take()).toEqual([]);
});

test('presence: changes that come before the list are applied after it', async () => {
  const { channel, requests, take } = setUp();
  channel.onSubscribed?.();
  channel.onEvent(changed('joined', present('bob')));
  channel.onEvent(changed('left', present('ada')));
  expect(take()).toEqual([]);
  requests[0]?.([present('ada'), present('eve')]);
  await Promise.resolve();
  expect(take()).toEqual(['eve+bob']);
});

test('presence: calls back with the difference after a reconnect, and ignores a late list', async () => {
  const { channel, list, requests, take } = setUp();
  await list(present('ada'), present('bob'));
  channel.onSubscribed?.();
  const late = requests.at(-1);
  await list(present('bob', 'away'), present('eve'));
  late?.([present('ghost')]);
  await Promise.resolve();
  expect(take()).toEqual([
    ...['ada+bob', 'bob+eve', 'left ada offline'],
    ...['changed bob away', 'joined eve online'],
  ]);
});

test('presence: a list that fails is requested again', async () => {
  const { channel, requests, take } = setUp();
  channel.onSubscribed?.();
  requests[0]?.(undefined);
  await until(() => requests.length, { atLeast: 2 });
  requests[1]?.([present('ada')]);
  await Promise.resolve();
  expect(take()).toEqual(['ada']);
});

test('typing: published every three seconds, and received until it expires, stops, or its user leaves', async () => {
  jest.useFakeTimers();
  const { presence, channel, list, receiveTyping, take, published } = setUp();
  await list(present('ada'), present('bob'));
  take();
  presence.setTyping();
  presence.setTyping();
  presence.setTyping(false);
  presence.setTyping();
  expect(published).toEqual([true, false, true].map((on) => ['typing', { on }]));
  receiveTyping('ada');
  jest.advanceTimersByTime(4_000);
  receiveTyping('ada', null);
  receiveTyping('bob');
  jest.advanceTimersByTime(4_000);
  expect(presence.typing).toEqual(['ada', 'bob']);
  receiveTyping('bob', { on: false });
  jest.advanceTimersByTime(4_000);
  expect(take()).toEqual(['typing ada', 'typing ada+bob', 'typing ada', 'typing ']);
  receiveTyping('bob');
  channel.onEvent(changed('left', present('bob')));
  expect(take()).toEqual(['typing bob', 'ada', 'left bob offline', 'typing ']);
});

test('presence: calls onEnd once, and stops all timers', () => {
  const { presence, channel, receiveTyping, take } = setUp();
  receiveTyping('ada');
  channel.onEnd?.(new Error('refused'));
  presence.close();
  expect(take()).toEqual(['typing ada', 'refused', 'unsubscribed']);
  expect(presence.typing).toEqual([]);
});

test('presence: an error of a callback is passed to onError and changes nothing', async () => {
  const errors: unknown[] = [];
  const throwing = createPresence({
    channel: 'c',
    listener: {
      onMembersChange() {
        throw new Error('mine');
      },
    },
    subscribe(listener) {
      queueMicrotask(() => listener.onSubscribed?.());
      return { ready: Promise.resolve(), publish() {}, close() {} };
    },
    listMembers: async () => [present('ada')],
    onError: (error) => errors.push(error),
  });

  await Bun.sleep(5);
  expect(errors).toMatchObject([{ message: 'mine' }]);
  expect(throwing.members).toEqual([present('ada')]);
});
