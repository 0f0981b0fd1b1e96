import { afterEach, expect, jest, test } from 'bun:test';
import type { KnownEvent, PresenceChange, PresentMember } from '../shared/contract/shapes.ts';
import { until } from '../shared/testing/until.ts';
import type { ChannelListener } from './channel-subscription.ts';
import { openPresence } from './presence.ts';

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

function stage() {
  const told: string[] = [];
  const published: unknown[] = [];
  const errors: unknown[] = [];
  const asked: ((members: PresentMember[] | undefined) => void)[] = [];
  let channel: ChannelListener | undefined;
  const presence = openPresence({
    channel: 'c',
    listener: {
      onMembers: (members) => told.push(members.map(({ userId }) => userId).join('+')),
      onChange: ({ change, member }) => told.push(`${change} ${member.userId} ${member.status}`),
      onTyping: (userIds) => told.push(`typing ${userIds.join('+')}`),
      onEnd: ({ message }) => told.push(message),
    },
    subscribe(listener) {
      channel = listener;
      const publish = (type: string, data: unknown) => published.push([type, data]);
      return { ready: Promise.resolve(), publish, close: () => told.push('unsubscribed') };
    },
    list: () => new Promise((resolve) => asked.push(resolve)),
    onError: (error) => errors.push(error),
  });
  async function list(...members: PresentMember[]) {
    channel?.onJoined?.();
    asked.at(-1)?.(members);
    await Promise.resolve();
  }
  const say = (from: string, data: unknown = { on: true }) =>
    channel?.onSignal?.({ channel: 'c', type: 'typing', data, from });
  const take = () => told.splice(0);
  return {
    presence,
    channel: channel as ChannelListener,
    list,
    asked,
    take,
    say,
    published,
    errors,
  };
}

test('a list at first, then joined, changed and left', async () => {
  const { presence, channel, list, take } = stage();
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

test('changes that come before the list stand after it', async () => {
  const { channel, asked, take } = stage();
  channel.onJoined?.();
  channel.onEvent(changed('joined', present('bob')));
  channel.onEvent(changed('left', present('ada')));
  expect(take()).toEqual([]);
  asked[0]?.([present('ada'), present('eve')]);
  await Promise.resolve();
  expect(take()).toEqual(['eve+bob']);
});

test('after a reconnect the difference is told, and a late list of before is ignored', async () => {
  const { channel, list, asked, take } = stage();
  await list(present('ada'), present('bob'));
  channel.onJoined?.();
  const late = asked.at(-1);
  await list(present('bob', 'away'), present('eve'));
  late?.([present('ghost')]);
  await Promise.resolve();
  expect(take()).toEqual([
    ...['ada+bob', 'bob+eve', 'left ada offline'],
    ...['changed bob away', 'joined eve online'],
  ]);
});

test('a list that does not come is asked for again', async () => {
  const { channel, asked, take } = stage();
  channel.onJoined?.();
  asked[0]?.(undefined);
  await until(() => asked.length, { atLeast: 2 });
  asked[1]?.([present('ada')]);
  await Promise.resolve();
  expect(take()).toEqual(['ada']);
});

test('typing is said sparingly, heard until it wears off, is withdrawn, or its person leaves', async () => {
  jest.useFakeTimers();
  const { presence, channel, list, say, take, published } = stage();
  await list(present('ada'), present('bob'));
  take();
  presence.setTyping();
  presence.setTyping();
  presence.setTyping(false);
  presence.setTyping();
  expect(published).toEqual([true, false, true].map((on) => ['typing', { on }]));
  say('ada');
  jest.advanceTimersByTime(4_000);
  say('ada', null);
  say('bob');
  jest.advanceTimersByTime(4_000);
  expect(presence.typing).toEqual(['ada', 'bob']);
  say('bob', { on: false });
  jest.advanceTimersByTime(4_000);
  expect(take()).toEqual(['typing ada', 'typing ada+bob', 'typing ada', 'typing ']);
  say('bob');
  channel.onEvent(changed('left', present('bob')));
  expect(take()).toEqual(['typing bob', 'ada', 'left bob offline', 'typing ']);
});

test('the end: told once, with nothing left running', () => {
  const { presence, channel, say, take } = stage();
  say('ada');
  channel.onEnd?.(new Error('refused'));
  presence.close();
  expect(take()).toEqual(['typing ada', 'refused', 'unsubscribed']);
  expect(presence.typing).toEqual([]);
});

test('what a callback throws is told and changes nothing', async () => {
  const errors: unknown[] = [];
  const throwing = openPresence({
    channel: 'c',
    listener: {
      onMembers() {
        throw new Error('mine');
      },
    },
    subscribe(listener) {
      queueMicrotask(() => listener.onJoined?.());
      return { ready: Promise.resolve(), publish() {}, close() {} };
    },
    list: async () => [present('ada')],
    onError: (error) => errors.push(error),
  });

  await Bun.sleep(5);
  expect(errors).toMatchObject([{ message: 'mine' }]);
  expect(throwing.members).toEqual([present('ada')]);
});
