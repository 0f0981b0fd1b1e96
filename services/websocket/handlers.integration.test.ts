import { expect, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { createRateLimits } from '@insightdesk/shared/http';
import { deferred } from '@insightdesk/shared/promises';
import { createChannelLog, roomOf } from '@insightdesk/shared/realtime';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  call,
  createTestReplicas,
  forbiddenChannel,
  history,
  newChannel,
  newEntries,
} from './testing/test-replica.ts';

const { tokens, startReplica, connect, newUser, channelLog, valkey } = createTestReplicas();

async function setUp(overrides: Parameters<typeof startReplica>[1] = {}) {
  const replica = await startReplica('websocket-1', overrides);
  const agent = await newUser();
  const client = await connect(replica.url, agent.token);
  return { replica, agent, ...client };
}

const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

test('handshake: an invalid token is refused with a problem', async () => {
  const { url } = await startReplica();
  const failure = await connect(url, 'x.y.z').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(failure).toMatchObject({ data: { status: 401, code: 'TOKEN_INVALID' } });
});

test.each([['websocket'], ['polling']])(
  '%s: a client subscribes, receives events and resumes',
  async (transport) => {
    const { url } = await startReplica('websocket-7');
    const { token } = await newUser();
    const { socket, events } = await connect(url, token, { transports: [transport] });
    expect(socket.io.engine.id).toStartWith('7.');
    const log = channelLog();
    const channel = newChannel();
    const position = await call(socket, 'subscribe', { channel });
    expect(position).toEqual({
      ok: true,
      recovered: false,
      events: [],
      epoch: expect.any(String),
      offset: 0,
    });
    const sent = newEntries(channel, 3);
    await log.append(sent);
    await until(() => events.length, { equals: 3 });
    expect(events).toEqual(
      sent.map(({ tenantId: _, ...e }, i) => ({ ...e, epoch: position.epoch, offset: i + 1 })),
    );
    expect(await call(socket, 'unsubscribe', { channel })).toEqual({ ok: true });
    await log.append(newEntries(channel, 2));
    const back = await call(socket, 'subscribe', { channel, epoch: position.epoch, offset: 3 });
    expect(back).toMatchObject({ ok: true, recovered: true, offset: 5 });
    expect(back.events.map((e: { offset: number }) => e.offset)).toEqual([4, 5]);
    expect(events).toHaveLength(3);
  },
);

const channel = newChannel();
test.each([
  ['subscribe', 422, undefined],
  ['subscribe', 422, null],
  ['subscribe', 422, 'text'],
  ['subscribe', 422, []],
  ['subscribe', 422, { channel: 7 }],
  ['subscribe', 422, { channel: '' }],
  ['subscribe', 422, { channel: 'x'.repeat(50_000) }],
  ['subscribe', 422, { channel, epoch: 'e' }],
  ['subscribe', 422, { channel, offset: 3 }],
  ['subscribe', 422, { channel, epoch: 'e', offset: -1 }],
  ['subscribe', 422, { channel, epoch: 'e', offset: 1.5 }],
  ['subscribe', 422, { channel, epoch: 'e', offset: 1e300 }],
  ['subscribe', 422, { channel, admin: true }],
  ['subscribe', 404, { channel: forbiddenChannel }],
  ['publish', 404, { channel, type: 'typing', data: {} }],
  ['publish', 422, { channel, type: 'Typing!', data: {} }],
  ['publish', 422, { channel, type: 'job.updated', data: {} }],
  ['publish', 422, { channel, type: 'conversation.merged', data: {} }],
  ['publish', 422, { channel, type: 'typing', data: 'x'.repeat(5_000) }],
  ['unsubscribe', 422, undefined],
  ['unsubscribe', 422, { channel: 7 }],
  ['presence', 422, {}],
  ['presence:set', 422, {}],
  ['presence:set', 422, { status: 'offline' }],
  ['presence:set', 422, { status: 'Away' }],
  ['presence:set', 422, { status: 'a', metadata: 'text' }],
  ['presence:set', 422, { status: 'a', metadata: { text: 'x'.repeat(1_100) } }],
  ['presence:set', 422, { status: 'online', metadata: { deep: nested(20_000) } }],
  ['subscribe', 422, { channel: nested(20_000) }],
  ['publish', 422, { channel, type: 'typing', data: nested(2_000) }],
  ['authenticate', 401, { token: 'x' }],
  ['authenticate', 422, {}],
  ['nothing.like.it', 404, {}],
  ['__proto__', 404, {}],
  ['constructor', 404, {}],
  ['error', 404, new Error('x').message],
] as const)(
  'invalid input %#: %s answers a problem, the socket stays open',
  async (name, status, payload) => {
    const { socket } = await setUp();
    const answer = await call(socket, name, payload);
    expect(answer).toMatchObject({ ok: false, error: { status, requestId: expect.any(String) } });
    expect(await call(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  },
);

test('dispatcher: calls without acknowledgement or with extra arguments do not close the socket', async () => {
  const { socket } = await setUp();
  socket.emit('subscribe');
  socket.emit('subscribe', { channel: 3 });
  socket.emit('publish', { channel }, 1, 2, 3);
  const answer = await socket.timeout(25_000).emitWithAck('subscribe');
  expect(answer).toMatchObject({ ok: false, error: { status: 422 } });
});

test('dispatcher: an unexpected error answers 500 without its message', async () => {
  const { socket } = await setUp({
    channels: {
      find: () => ({
        pattern: '',
        permission: 'channels:subscribe',
        allow: () => Promise.reject(new TypeError('secret message')),
      }),
    },
  });
  const answer = await call(socket, 'subscribe', { channel });
  expect(answer.error).toMatchObject({ status: 500, code: 'INTERNAL' });
  expect(JSON.stringify(answer)).not.toContain('secret');
});

test('subscribe: without Valkey it answers 503, and succeeds when Valkey is back', async () => {
  const dead = valkey('command');
  const { socket } = await setUp({ channelLog: createChannelLog(dead, history) });
  await dead.ping();
  dead.disconnect();
  const answer = await call(socket, 'subscribe', { channel });
  expect(answer).toMatchObject({ ok: false, error: { status: 503, code: 'UNAVAILABLE' } });
  await dead.connect();
  expect(await call(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
});

test('subscribe: the limit of channels holds without a rate limit, and unsubscribing frees a channel', async () => {
  const { socket, replica } = await setUp({ callLimits: undefined });
  const channels = Array.from({ length: 200 }, newChannel);
  const answers = await Promise.all(channels.map((c) => call(socket, 'subscribe', { channel: c })));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(50);
  expect(replica.authorized).toHaveLength(50);
  await call(socket, 'unsubscribe', { channel: channels[0] });
  expect(await call(socket, 'subscribe', { channel: newChannel() })).toMatchObject({ ok: true });
  expect(await call(socket, 'subscribe', { channel: newChannel() })).toMatchObject({ ok: false });
});

test('subscribe: a second concurrent call is a conflict, an unsubscribe meanwhile cancels it', async () => {
  // No subscribe is authorized before the other call was answered.
  let gate = deferred<void>();
  const allow = () => gate.promise.then(() => true);
  const permission = 'channels:subscribe' as const;
  const found = { pattern: '', permission, allow };
  const { socket, replica } = await setUp({ channels: { find: () => found } });
  const once = newChannel();
  const pending = call(socket, 'subscribe', { channel: once });
  const second = await call(socket, 'subscribe', { channel: once });
  gate.resolve();
  const first = await pending;
  expect([first.ok, second.error?.status]).toEqual([true, 409]);
  gate = deferred<void>();
  const cancelling = call(socket, 'subscribe', { channel });
  const left = await call(socket, 'unsubscribe', { channel });
  gate.resolve();
  const cancelled = await cancelling;
  expect([cancelled.error?.status, left.ok]).toEqual([409, true]);
  expect(replica.server.stats().channels).toBe(1);
  socket.disconnect();
  await until(() => replica.server.stats().channels, { equals: 0 });
});

test('publish: signals reach the other sockets of the channel on every replica, not their sender', async () => {
  const replicas = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const agent = await newUser();
  const clients = await Promise.all(
    replicas.flatMap(({ url }) => [connect(url, agent.token), connect(url, agent.token)]),
  );
  const signals = clients.map(({ socket }) => {
    const received: unknown[] = [];
    socket.on('signal', (signal) => received.push(signal));
    return received;
  });
  for (const { socket } of clients.slice(0, 3)) await call(socket, 'subscribe', { channel });
  const signal = { channel, type: 'typing', data: { on: true } };
  expect(await call(clients[0]?.socket as never, 'publish', signal)).toEqual({ ok: true });
  await until(() => signals[1]?.length === 1 && signals[2]?.length === 1);
  await Bun.sleep(50);
  const expected = { ...signal, from: agent.userId };
  expect(signals).toEqual([[], [expected], [expected], []]);
  const stored = await channelLog().read(roomOf(agent.tenantId, channel));
  expect(stored.offset).toBe(0);
});

test('token expiry: the socket is closed with TOKEN_EXPIRED, unless it was renewed', async () => {
  const agent = await newUser();
  const fresh = await newUser({ ...agent, sessionId: newId('ses') });
  const { url } = await startReplica('websocket-1', {
    tokens: {
      async verifyAccess(token) {
        const access = await tokens.verifyAccess(token);
        return token === agent.token ? { ...access, expiresAt: Date.now() + 4_000 } : access;
      },
    },
  });
  const [expiring, renewed] = [await connect(url, agent.token), await connect(url, agent.token)];
  const reasons: unknown[] = [];
  expiring.socket.on('closing', ({ code }) => reasons.push(code));
  expiring.socket.on('disconnect', (reason) => reasons.push(reason));
  const otherUser = await newUser({ tenantId: agent.tenantId });
  const refused = await call(renewed.socket, 'authenticate', { token: otherUser.token });
  expect(refused).toMatchObject({ ok: false, error: { status: 403 } });
  const answer = await call(renewed.socket, 'authenticate', { token: fresh.token });
  expect(new Date(answer.expiresAt).getTime()).toBeGreaterThan(Date.now() + 10_000);
  await until(() => reasons.length, { equals: 2 });
  expect(reasons).toEqual(['TOKEN_EXPIRED', 'io server disconnect']);
  await Bun.sleep(100);
  expect(renewed.socket.connected).toBe(true);
});

/** Two replicas with shared limits of signals. */
async function startLimited(perUser: number, perChannel: number) {
  const signalRule = { requestClass: 'signal', windowMs: 60_000, failMode: 'open' } as const;
  const rules = [
    { ...signalRule, name: `u${newId('evt')}`, countBy: 'user', limit: perUser },
    { ...signalRule, name: `c${newId('evt')}`, countBy: 'channel', limit: perChannel },
  ];
  const limits = () => ({ signalLimits: createRateLimits({ rules, valkey: valkey('command') }) });
  const replicas = [
    await startReplica('websocket-1', limits()),
    await startReplica('websocket-2', limits()),
  ];
  return async (token: string, replica: number, channels: string[]) => {
    const { socket } = await connect(replicas[replica]?.url as string, token);
    for (const channel of channels) await call(socket, 'subscribe', { channel });
    return socket;
  };
}

test('publish: signals are limited per user and per channel, over all sockets and replicas', async () => {
  const enter = await startLimited(20, 30);
  const channel = newChannel();
  const agent = await enter((await newUser()).token, 0, [channel]);
  let received = 0;
  agent.on('signal', () => received++);
  const publishAs = async (token: string) => {
    const sockets = await Promise.all(
      Array.from({ length: 10 }, (_, i) => enter(token, i % 2, [channel])),
    );
    const calls = sockets.flatMap((socket) =>
      Array.from({ length: 5 }, () =>
        call(socket, 'publish', { channel, type: 'typing', data: {} }),
      ),
    );
    return (await Promise.all(calls)) as { ok: boolean; error?: { code: string } }[];
  };
  const first = await publishAs((await newUser()).token);
  expect(first.filter(({ ok }) => ok)).toHaveLength(20);
  expect(first.find(({ ok }) => !ok)?.error?.code).toBe('TOO_MANY_REQUESTS');
  const second = await publishAs((await newUser()).token);
  expect(second.filter(({ ok }) => ok)).toHaveLength(10);
  await until(() => received, { equals: 30 });
  await Bun.sleep(50);
  expect(received).toBe(30);
});

test('presence:set counts as a signal of its user and of each channel', async () => {
  const enter = await startLimited(6, 8);
  const shared = Channels.conversationPresence(newId('cnv'));
  const own = Channels.conversationPresence(newId('cnv'));
  const first = await newUser();
  const sockets = [
    await enter(first.token, 0, [own, shared]),
    await enter(first.token, 1, [own, shared]),
  ] as const;
  const setStatus = (socket: (typeof sockets)[number], status: string) =>
    call(socket, 'presence:set', { status });
  const refusal = { ok: false, error: { status: 429, code: 'TOO_MANY_REQUESTS' } };
  for (let n = 0; n < 4; n++)
    expect(await setStatus(sockets[n % 2] as never, 'away')).toEqual({ ok: true });
  for (let n = 0; n < 2; n++)
    expect(
      await call(sockets[0], 'publish', { channel: own, type: 'typing', data: {} }),
    ).toMatchObject({ ok: true });
  for (const socket of sockets) expect(await setStatus(socket, 'busy')).toMatchObject(refusal);
  const other = await enter((await newUser()).token, 1, [shared]);
  for (let n = 0; n < 4; n++) expect(await setStatus(other, 'away')).toEqual({ ok: true });
  // The user has two signals left, the channel none.
  expect(await setStatus(other, 'busy')).toMatchObject(refusal);
  const { members } = await call(other, 'presence', { channel: shared });
  expect(members.map(({ status }: { status: string }) => status)).toEqual(['away', 'away']);
});
