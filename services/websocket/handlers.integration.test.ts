import { afterAll, afterEach, expect, setSystemTime, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { createRateLimits } from '@insightdesk/shared/http';
import { deferred } from '@insightdesk/shared/promises';
import { createChannelLog, roomOf } from '@insightdesk/shared/realtime';
import { createTestContext, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { ask, createStage, entries, forbidden, history, newChannel } from './test-replica.ts';

const testContext = createTestContext();
const { tokens } = testContext.parts;
const stage = createStage(testContext);
const { startReplica, connect, person, channelLog, presence, valkey, close } = stage;
afterEach(close);
afterAll(testContext.close);

async function setUp(overrides: Parameters<typeof startReplica>[1] = {}) {
  const replica = await startReplica('websocket-1', overrides);
  const agent = await person();
  const client = await connect(replica.url, agent.token);
  return { replica, agent, ...client };
}

const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

test.each([
  ['no token', {}, 'UNAUTHENTICATED'],
  ['a token of no sense', { token: 'x.y.z' }, 'TOKEN_INVALID'],
  ['a token that is no text', { token: { $ne: 1 } }, 'UNAUTHENTICATED'],
])('%s: refused with a problem', async (_name, auth, code) => {
  const { url } = await startReplica();
  const failure = await connect(url, '', { auth }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect((failure as { data?: unknown }).data).toMatchObject({ status: 401, code });
});

test('an expired token: refused', async () => {
  const { url } = await startReplica();
  const { token } = await person();
  setSystemTime(new Date(Date.now() + 24 * 3_600_000));
  const failure = await connect(url, token).catch((error: unknown) => error);
  setSystemTime();
  expect((failure as { data?: unknown }).data).toMatchObject({ code: 'TOKEN_EXPIRED' });
});

test.each([['websocket'], ['polling']])('%s: subscribe, receive, resume', async (transport) => {
  const { url } = await startReplica('websocket-7');
  const { token } = await person();
  const { socket, events } = await connect(url, token, { transports: [transport] });
  expect(socket.io.engine.id).toStartWith('7.');
  const log = channelLog();
  const channel = newChannel();
  const position = await ask(socket, 'subscribe', { channel });
  expect(position).toEqual({
    ok: true,
    recovered: false,
    events: [],
    epoch: expect.any(String),
    offset: 0,
  });
  const sent = entries(channel, 3);
  await log.append(sent);
  await until(() => events.length === 3);
  expect(events).toEqual(
    sent.map(({ tenantId: _, ...e }, i) => ({ ...e, epoch: position.epoch, offset: i + 1 })),
  );
  expect(await ask(socket, 'unsubscribe', { channel })).toEqual({ ok: true });
  await log.append(entries(channel, 2));
  const back = await ask(socket, 'subscribe', { channel, epoch: position.epoch, offset: 3 });
  expect(back).toMatchObject({ ok: true, recovered: true, offset: 5 });
  expect(back.events.map((e: { offset: number }) => e.offset)).toEqual([4, 5]);
  expect(events).toHaveLength(3);
});

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
  ['subscribe', 404, { channel: forbidden }],
  ['publish', 404, { channel, type: 'typing', data: {} }],
  ['publish', 422, { channel, type: 'Typing!', data: {} }],
  ['publish', 422, { channel, type: 'typing', data: 'x'.repeat(5_000) }],
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
  'bad input %#: %s answers a problem, the socket lives',
  async (name, status, payload) => {
    const { socket } = await setUp();
    const answer = await ask(socket, name, payload);
    expect(answer).toMatchObject({ ok: false, error: { status, requestId: expect.any(String) } });
    expect(await ask(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  },
);

test('no acknowledgement wanted, too many arguments, functions only: nothing falls over', async () => {
  const { socket } = await setUp();
  socket.emit('subscribe');
  socket.emit('subscribe', { channel: 3 });
  socket.emit('publish', { channel }, 1, 2, 3);
  const answer = await socket.timeout(25_000).emitWithAck('subscribe');
  expect(answer).toMatchObject({ ok: false, error: { status: 422 } });
});

test('an unexpected failure is told as such, without its message', async () => {
  const { socket } = await setUp({
    channels: {
      find: () => ({
        pattern: '',
        permission: 'channels:subscribe',
        allow: () => Promise.reject(new TypeError('secret of the house')),
      }),
    },
  });
  const answer = await ask(socket, 'subscribe', { channel });
  expect(answer.error).toMatchObject({ status: 500, code: 'INTERNAL' });
  expect(JSON.stringify(answer)).not.toContain('secret');
});

test('without Valkey a subscription is refused as unavailable, later it succeeds', async () => {
  const dead = valkey('command');
  const { socket } = await setUp({ channelLog: createChannelLog(dead, history) });
  await dead.ping();
  dead.disconnect();
  const answer = await ask(socket, 'subscribe', { channel });
  expect(answer).toMatchObject({ ok: false, error: { status: 503, code: 'UNAVAILABLE' } });
  await dead.connect();
  expect(await ask(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
});

test('10,000 subscriptions from one socket: each is answered, few reach the database', async () => {
  const { socket, replica } = await setUp();
  const answers = await Promise.all(
    Array.from({ length: 10_000 }, () => ask(socket, 'subscribe', { channel: newChannel() })),
  );
  const codes = Map.groupBy(answers, (answer) => (answer.ok ? 'ok' : answer.error.code));
  expect([...codes.keys()].sort()).toEqual(['TOO_MANY_CHANNELS', 'TOO_MANY_REQUESTS', 'ok']);
  expect(codes.get('ok')).toHaveLength(50);
  expect(answers.every((answer) => answer.ok || answer.error.status === 429)).toBe(true);
  expect(replica.authorized).toHaveLength(50);
  expect(replica.server.figures()).toMatchObject({ sockets: 1, channels: 50 });
});

test('without a rate limit the channel limit still holds, and freed places can be used', async () => {
  const { socket, replica } = await setUp({ rateLimit: undefined });
  const channels = Array.from({ length: 2_000 }, newChannel);
  const answers = await Promise.all(channels.map((c) => ask(socket, 'subscribe', { channel: c })));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(50);
  expect(replica.authorized).toHaveLength(50);
  await ask(socket, 'unsubscribe', { channel: channels[0] });
  expect(await ask(socket, 'subscribe', { channel: newChannel() })).toMatchObject({ ok: true });
  expect(await ask(socket, 'subscribe', { channel: newChannel() })).toMatchObject({ ok: false });
});

test('subscribing twice at once is a conflict, unsubscribing meanwhile ends it', async () => {
  // Nobody is let in before the other call was answered.
  let gate = deferred<void>();
  const allow = () => gate.promise.then(() => true);
  const permission = 'channels:subscribe' as const;
  const found = { pattern: '', permission, allow };
  const { socket, replica } = await setUp({ channels: { find: () => found } });
  const once = newChannel();
  const begun = ask(socket, 'subscribe', { channel: once });
  const second = await ask(socket, 'subscribe', { channel: once });
  gate.resolve();
  const first = await begun;
  expect([first.ok, second.error?.status]).toEqual([true, 409]);
  gate = deferred<void>();
  const cancelling = ask(socket, 'subscribe', { channel });
  const left = await ask(socket, 'unsubscribe', { channel });
  gate.resolve();
  const cancelled = await cancelling;
  expect([cancelled.error?.status, left.ok]).toEqual([409, true]);
  expect(replica.server.figures().channels).toBe(1);
  socket.disconnect();
  await until(() => replica.server.figures().channels === 0);
});

test('signals reach the others in the channel on every replica, not their sender', async () => {
  const replicas = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const agent = await person();
  const clients = await Promise.all(
    replicas.flatMap(({ url }) => [connect(url, agent.token), connect(url, agent.token)]),
  );
  const signals = clients.map(({ socket }) => {
    const received: unknown[] = [];
    socket.on('signal', (signal) => received.push(signal));
    return received;
  });
  for (const { socket } of clients.slice(0, 3)) await ask(socket, 'subscribe', { channel });
  const signal = { channel, type: 'typing', data: { on: true } };
  expect(await ask(clients[0]?.socket as never, 'publish', signal)).toEqual({ ok: true });
  await until(() => signals[1]?.length === 1 && signals[2]?.length === 1);
  await Bun.sleep(50);
  const expected = { ...signal, from: agent.userId };
  expect(signals).toEqual([[], [expected], [expected], []]);
  const stored = await channelLog().read(roomOf(agent.tenantId, channel));
  expect(stored.offset).toBe(0);
});

test('a token that runs out closes the socket with a reason; a fresh one keeps it', async () => {
  const agent = await person();
  const fresh = await person({ ...agent, sessionId: newId('ses') });
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
  const stranger = await person({ tenantId: agent.tenantId });
  const refused = await ask(renewed.socket, 'authenticate', { token: stranger.token });
  expect(refused).toMatchObject({ ok: false, error: { status: 403 } });
  const answer = await ask(renewed.socket, 'authenticate', { token: fresh.token });
  expect(new Date(answer.expiresAt).getTime()).toBeGreaterThan(Date.now() + 10_000);
  await until(() => reasons.length === 2);
  expect(reasons).toEqual(['TOKEN_EXPIRED', 'io server disconnect']);
  await Bun.sleep(100);
  expect(renewed.socket.connected).toBe(true);
});

test('presence: connected while a socket is open, gone at once after the last', async () => {
  const { url } = await startReplica();
  const reader = presence();
  const agent = await person({ tenantId: newId('org') });
  const one = await connect(url, agent.token);
  const two = await connect(url, agent.token);
  await until(async () => (await reader.connectedUsers(agent.tenantId)).has(agent.userId));
  one.socket.disconnect();
  await Bun.sleep(50);
  expect(await reader.connectedUsers(agent.tenantId)).toEqual(new Set([agent.userId]));
  two.socket.disconnect();
  await until(async () => (await reader.connectedUsers(agent.tenantId)).size === 0);
});

test('a person pushes so many signals and a channel hears so many, over all sockets and replicas', async () => {
  const signalRow = { of: 'signal', windowMs: 60_000, away: 'open' } as const;
  const rows = [
    { ...signalRow, name: `u${newId('evt')}`, by: 'user', limit: 20 },
    { ...signalRow, name: `c${newId('evt')}`, by: 'channel', limit: 30 },
  ];
  const limits = () => ({ signalLimits: createRateLimits({ rows, valkey: valkey('command') }) });
  const replicas = [
    await startReplica('websocket-1', limits()),
    await startReplica('websocket-2', limits()),
  ];
  const channel = newChannel();
  const enter = async (token: string, i: number) => {
    const { socket } = await connect(replicas[i % 2]?.url as string, token);
    await ask(socket, 'subscribe', { channel });
    return socket;
  };
  const agent = await enter((await person()).token, 0);
  let heard = 0;
  agent.on('signal', () => heard++);
  const pushAs = async (token: string) => {
    const sockets = await Promise.all(Array.from({ length: 10 }, (_, i) => enter(token, i)));
    const pushing = sockets.flatMap((socket) =>
      Array.from({ length: 5 }, () =>
        ask(socket, 'publish', { channel, type: 'typing', data: {} }),
      ),
    );
    return (await Promise.all(pushing)) as { ok: boolean; error?: { code: string } }[];
  };
  const first = await pushAs((await person()).token);
  expect(first.filter(({ ok }) => ok)).toHaveLength(20);
  expect(first.find(({ ok }) => !ok)?.error?.code).toBe('TOO_MANY_REQUESTS');
  const second = await pushAs((await person()).token);
  expect(second.filter(({ ok }) => ok)).toHaveLength(10);
  await until(() => heard === 30);
  await Bun.sleep(50);
  expect(heard).toBe(30);
});

test('what a person says of itself counts as a signal: of its own, and of each channel that hears it', async () => {
  const signalRow = { of: 'signal', windowMs: 60_000, away: 'open' } as const;
  const rows = [
    { ...signalRow, name: `u${newId('evt')}`, by: 'user', limit: 6 },
    { ...signalRow, name: `c${newId('evt')}`, by: 'channel', limit: 8 },
  ];
  const limits = () => ({ signalLimits: createRateLimits({ rows, valkey: valkey('command') }) });
  const replicas = [
    await startReplica('websocket-1', limits()),
    await startReplica('websocket-2', limits()),
  ];
  const shared = Channels.conversationPresence(newId('cnv'));
  const own = Channels.conversationPresence(newId('cnv'));
  const enter = async (token: string, i: number, channels: string[]) => {
    const { socket } = await connect(replicas[i]?.url as string, token);
    for (const channel of channels) await ask(socket, 'subscribe', { channel });
    return socket;
  };
  const first = await person();
  const sockets = [
    await enter(first.token, 0, [own, shared]),
    await enter(first.token, 1, [own, shared]),
  ] as const;
  const say = (socket: (typeof sockets)[number], status: string) =>
    ask(socket, 'presence:set', { status });
  const refusal = { ok: false, error: { status: 429, code: 'TOO_MANY_REQUESTS' } };
  for (let n = 0; n < 4; n++)
    expect(await say(sockets[n % 2] as never, 'away')).toEqual({ ok: true });
  for (let n = 0; n < 2; n++)
    expect(
      await ask(sockets[0], 'publish', { channel: own, type: 'typing', data: {} }),
    ).toMatchObject({ ok: true });
  for (const socket of sockets) expect(await say(socket, 'busy')).toMatchObject(refusal);
  const other = await enter((await person()).token, 1, [shared]);
  for (let n = 0; n < 4; n++) expect(await say(other, 'away')).toEqual({ ok: true });
  // Of its own two are left, of the channel none.
  expect(await say(other, 'busy')).toMatchObject(refusal);
  const { members } = await ask(other, 'presence', { channel: shared });
  expect(members.map(({ status }: { status: string }) => status)).toEqual(['away', 'away']);
});
