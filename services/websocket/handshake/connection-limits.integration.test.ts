import { expect, test } from 'bun:test';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { countOpenSockets } from '@insightdesk/shared/realtime';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { io } from 'socket.io-client';
import { call, createTestReplicas, newChannel } from '../testing/test-replica.ts';
import {
  type ConnectingClient,
  countConnections,
  createConnectionLimits,
  type MaxConnections,
} from './connection-limits.ts';

const { startReplica, connect, newUser, valkey } = createTestReplicas();

const many = { user: 1_000, organization: 1_000, address: 1_000_000 };
const refused = (path: keyof MaxConnections) => ({
  status: 429,
  code: 'TOO_MANY_CONNECTIONS',
  errors: [{ path, message: expect.stringContaining('at a time') }],
});

/** One replica's limits, with short times; `kill` leaves the counts as kill -9 does. */
async function open(limits: Partial<MaxConnections> = {}, leaseMs = 3_000) {
  const connection = valkey('command');
  const errors: unknown[] = [];
  const limiter = createConnectionLimits(connection, {
    limits: { ...many, ...limits },
    leaseMs,
    renewMs: 300,
    onError: (error) => errors.push(error),
  });
  await until(() => connection.status, { equals: 'ready' });
  limiter.start();
  const reserve = async (client: ConnectingClient) => {
    const slot = limiter.reserve(client);
    await slot.confirm().catch((error: unknown) => {
      slot.release();
      throw error;
    });
    return slot;
  };
  const stop = async () => connection.status === 'ready' && limiter.close();
  return { connection, limiter, reserve, errors, stop, kill: () => connection.disconnect() };
}

const newClient = (client: Partial<ConnectingClient> = {}): ConnectingClient => ({
  userId: newId('usr'),
  tenantId: newId('org'),
  ip: `2001:db8:${Math.floor(Math.random() * 65_536).toString(16)}:1::1`,
  ...client,
});

const outcomes = (attempts: Promise<unknown>[]) =>
  Promise.allSettled(attempts).then((all) => all.filter(({ status }) => status === 'fulfilled'));

test('connection limits: concurrent connections to two replicas reach the limit exactly', async () => {
  const replicas = [await open({ user: 10 }), await open({ user: 10 })];
  const client = newClient();
  const attempts = Array.from({ length: 40 }, (_, i) => replicas[i % 2]?.reserve(client));
  const reserved = await outcomes(attempts as Promise<unknown>[]);
  expect(reserved).toHaveLength(10);
  expect(await replicas[0]?.reserve(newClient())).toBeDefined();
  for (const { errors, limiter, stop } of replicas) {
    expect(errors).toEqual([]);
    expect(limiter.uncheckedCount()).toBe(0);
    await stop();
  }
});

test.each([
  ['user', () => ({ userId: newId('usr') })],
  ['organization', () => ({ tenantId: newId('org') })],
  ['address', () => ({ ip: newClient().ip })],
] as const)(
  'connection limit of the %s: connections of one replica count on the other until released',
  async (kind, same) => {
    const [one, two] = [await open({ [kind]: 2 }), await open({ [kind]: 2 })];
    const shared = same();
    const first = await one.reserve(newClient(shared));
    await two.reserve(newClient(shared));
    for (const { reserve } of [one, two]) {
      await expect(reserve(newClient(shared))).rejects.toMatchObject(refused(kind));
    }
    await expect(two.reserve(newClient())).resolves.toBeDefined();
    first.release();
    first.release();
    let next = await two.reserve(newClient(shared)).catch(() => undefined);
    await until(async () => (next ??= await two.reserve(newClient(shared)).catch(() => undefined)));
    await expect(one.reserve(newClient(shared))).rejects.toMatchObject(refused(kind));
    await Promise.all([one.stop(), two.stop()]);
  },
);

test('connection limits: addresses of one /64 count as one', async () => {
  const { ip } = newClient();
  const { reserve, stop } = await open({ address: 1 });
  await reserve(newClient({ ip }));
  await expect(reserve(newClient({ ip: ip.replace('::1', '::2') }))).rejects.toMatchObject(
    refused('address'),
  );
  await stop();
});

test('connection limits: counts of a killed replica end with its lease', async () => {
  const leaseMs = 1_500;
  const [dying, other] = [await open({ user: 2 }, leaseMs), await open({ user: 2 }, leaseMs)];
  const client = newClient();
  await dying.reserve(client);
  await dying.reserve(client);
  await Bun.sleep(1.2 * leaseMs);
  await expect(other.reserve(client)).rejects.toMatchObject(refused('user'));
  dying.kill();
  await until(() => other.reserve(client).then(Boolean, () => false));
  await other.reserve(client);
  await expect(other.reserve(client)).rejects.toMatchObject(refused('user'));
  await other.stop();
});

test('connection limits: counts that Valkey lost are written again', async () => {
  const [one, two] = [await open({ user: 2 }), await open({ user: 2 })];
  const client = newClient();
  await one.reserve(client);
  await one.reserve(client);
  for (const key of await two.connection.keys('{sockets}:*')) await two.connection.del(key);
  await until(async () => {
    const slot = await two.reserve(client).catch(() => undefined);
    slot?.release();
    return !slot;
  });
  await expect(two.reserve(client)).rejects.toMatchObject(refused('user'));
  await Promise.all([one.stop(), two.stop()]);
});

test('connection limits: without Valkey a replica uses its own counts, and counts them as unchecked', async () => {
  const { reserve, limiter, errors, kill } = await open({ user: 2 });
  const client = newClient();
  await reserve(client);
  kill();
  const second = await reserve(client);
  expect(limiter.uncheckedCount()).toBe(1);
  expect(errors).toHaveLength(1);
  await expect(reserve(client)).rejects.toMatchObject(refused('user'));
  second.release();
  await expect(reserve(client)).resolves.toBeDefined();
});

test('connection limits: a socket above the limit gets connect_error, and connects when another has closed', async () => {
  const limits = { ...many, user: 2 };
  const options = { onError: () => {}, limits };
  const replicas = [
    await startReplica('websocket-1', {
      connectionLimits: createConnectionLimits(valkey('command'), options),
    }),
    await startReplica('websocket-2', {
      connectionLimits: createConnectionLimits(valkey('command'), options),
    }),
  ] as const;
  const { token } = await newUser();
  const [first] = [
    await connect(replicas[0].url, token),
    await connect(replicas[1].url, token, { transports: ['polling'] }),
  ];
  for (const { url, server } of replicas) {
    const failure = await connect(url, token).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: 'A user may have 2 connections at a time; close one or try again later',
      data: refused('user'),
    });
    expect([...server.rejections()]).toEqual([['TOO_MANY_CONNECTIONS/user', 1]]);
    expect(server.stats()).toMatchObject({ sockets: 1, unchecked: 0 });
  }
  await expect(
    connect(replicas[0].url, (await newUser({ tenantId: newId('org') })).token),
  ).resolves.toBeDefined();
  first.socket.disconnect();
  const again = () => connect(replicas[1].url, token).then(Boolean, () => false);
  await until(again);
});

test('connection limits: a socket that is refused or disconnects during its handshake is not counted', async () => {
  const connectionLimits = createConnectionLimits(valkey('command'), {
    onError: () => {},
    limits: { ...many, user: 1 },
  });
  let refusals = 3;
  let handshakes = 0;
  const { url } = await startReplica('websocket-1', {
    connectionLimits,
    sessions: {
      generationsOf: async () => new Map(),
      async verify() {
        if (refusals-- > 0) throw new ForbiddenError();
        if (handshakes++ === 0) await Bun.sleep(500);
        return 0;
      },
    },
  });
  const { token } = await newUser();
  for (let i = 0; i < 3; i++) {
    expect(await connect(url, token).catch((error: unknown) => error)).toBeInstanceOf(Error);
  }
  const leaving = io(url, { auth: { token }, forceNew: true, transports: ['websocket'] });
  await until(() => handshakes, { equals: 1 });
  leaving.disconnect();
  await until(() => connect(url, token).then(Boolean, () => false));
});

test('channel quota: the subscriptions of an organization are limited on a replica', async () => {
  const { url } = await startReplica('websocket-1', { maxChannelsPerOrganization: 3 });
  const { tenantId, token } = await newUser();
  const { socket } = await connect(url, token);
  const { socket: colleague } = await connect(url, (await newUser({ tenantId })).token);
  const channels = [newChannel(), newChannel(), newChannel()] as const;
  for (const channel of channels) {
    expect(await call(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
    expect(await call(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  }
  const wanted = { channel: newChannel() };
  expect(await call(colleague, 'subscribe', wanted)).toMatchObject({
    ok: false,
    error: { status: 429, code: 'TOO_MANY_CHANNELS', errors: [{ path: 'organization' }] },
  });
  const { socket: other } = await connect(url, (await newUser({ tenantId: newId('org') })).token);
  expect(await call(other, 'subscribe', wanted)).toMatchObject({ ok: true });
  await call(socket, 'unsubscribe', { channel: channels[0] });
  await call(socket, 'unsubscribe', { channel: channels[0] });
  expect(await call(colleague, 'subscribe', wanted)).toMatchObject({ ok: true });
  expect(await call(colleague, 'subscribe', { channel: newChannel() })).toMatchObject({
    ok: false,
  });
  socket.disconnect();
  await until(async () => (await call(colleague, 'subscribe', { channel: newChannel() })).ok);
});

test.each([
  ['limited', createConnectionLimits],
  ['not limited', countConnections],
] as const)(
  '%s: open sockets are counted over all replicas, and less at once when a replica is killed',
  async (_, create) => {
    const tenantId = newId('org');
    const reader = valkey('command');
    const openReplica = (name: `websocket-${number}`) => {
      const subscriber = valkey('subscriber');
      // No lease expires within this test.
      const options = { onError: () => {}, subscriber, leaseMs: 600_000, limits: many };
      const connectionLimits = create(valkey('command'), options);
      return startReplica(name, { connectionLimits }).then((replica) => ({
        ...replica,
        subscriber,
      }));
    };
    const replicas = [await openReplica('websocket-1'), await openReplica('websocket-2')] as const;
    const open = () => countOpenSockets(reader, tenantId);
    const sockets = [];
    for (const { url } of [...replicas, replicas[0]])
      sockets.push(await connect(url, (await newUser({ tenantId })).token));
    await connect(replicas[0].url, (await newUser({ tenantId: newId('org') })).token);
    await until(() => open(), { equals: 3 });
    sockets[0]?.socket.disconnect();
    await until(() => open(), { equals: 2 });
    // As when its process is killed.
    replicas[0].subscriber.disconnect();
    await until(() => open(), { equals: 1 });
  },
);
