import { afterAll, afterEach, expect, test } from 'bun:test';
import { ForbiddenError } from '@insightdesk/shared/errors';
import { countOpenSockets } from '@insightdesk/shared/realtime';
import { createTestContext, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { io } from 'socket.io-client';
import { ask, createStage, newChannel } from '../test-replica.ts';
import { countSeats, createSeats, type Guest, type SeatLimits } from './seats.ts';

const testContext = createTestContext();
const stage = createStage(testContext);
const { startReplica, connect, person, valkey, close } = stage;
afterEach(close);
afterAll(testContext.close);

const many = { user: 1_000, organization: 1_000, address: 1_000_000 };
const refused = (path: keyof SeatLimits) => ({
  status: 429,
  code: 'TOO_MANY_CONNECTIONS',
  errors: [{ path, message: expect.stringContaining('at a time') }],
});

/** One replica's seats, with short times; `die` leaves them as kill -9 does. */
async function open(limits: Partial<SeatLimits> = {}) {
  const connection = valkey('command');
  const errors: unknown[] = [];
  const seats = createSeats(connection, {
    limits: { ...many, ...limits },
    leaseMs: 3_000,
    renewMs: 300,
    onError: (error) => errors.push(error),
  });
  await until(() => connection.status === 'ready');
  seats.start();
  const enter = async (guest: Guest) => {
    const seat = seats.take(guest);
    await seat.confirm().catch((error: unknown) => {
      seat.release();
      throw error;
    });
    return seat;
  };
  const stop = async () => connection.status === 'ready' && seats.close();
  return { connection, seats, enter, errors, stop, die: () => connection.disconnect() };
}

const someone = (guest: Partial<Guest> = {}): Guest => ({
  userId: newId('usr'),
  tenantId: newId('org'),
  ip: `2001:db8:${Math.floor(Math.random() * 65_536).toString(16)}:1::1`,
  ...guest,
});

const outcomes = (attempts: Promise<unknown>[]) =>
  Promise.allSettled(attempts).then((all) => all.filter(({ status }) => status === 'fulfilled'));

test('at the limit exactly so many get in, whichever replica they come to at once', async () => {
  const replicas = [await open({ user: 10 }), await open({ user: 10 })];
  const guest = someone();
  const attempts = Array.from({ length: 40 }, (_, i) => replicas[i % 2]?.enter(guest));
  const seated = await outcomes(attempts as Promise<unknown>[]);
  expect(seated).toHaveLength(10);
  expect(await replicas[0]?.enter(someone())).toBeDefined();
  for (const { errors, seats, stop } of replicas) {
    expect(errors).toEqual([]);
    expect(seats.unchecked()).toBe(0);
    await stop();
  }
});

test.each([
  ['user', () => ({ userId: newId('usr') })],
  ['organization', () => ({ tenantId: newId('org') })],
  ['address', () => ({ ip: someone().ip })],
] as const)(
  '%s: what one replica has counts on the other, until it is given back',
  async (kind, same) => {
    const [one, two] = [await open({ [kind]: 2 }), await open({ [kind]: 2 })];
    const shared = same();
    const first = await one.enter(someone(shared));
    await two.enter(someone(shared));
    for (const { enter } of [one, two]) {
      await expect(enter(someone(shared))).rejects.toMatchObject(refused(kind));
    }
    await expect(two.enter(someone())).resolves.toBeDefined();
    first.release();
    first.release();
    let next = await two.enter(someone(shared)).catch(() => undefined);
    await until(async () => (next ??= await two.enter(someone(shared)).catch(() => undefined)));
    await expect(one.enter(someone(shared))).rejects.toMatchObject(refused(kind));
    await Promise.all([one.stop(), two.stop()]);
  },
);

test('neighbours in a /64 count as one address', async () => {
  const { ip } = someone();
  const { enter, stop } = await open({ address: 1 });
  await enter(someone({ ip }));
  await expect(enter(someone({ ip: ip.replace('::1', '::2') }))).rejects.toMatchObject(
    refused('address'),
  );
  await stop();
});

test('what a killed replica held is free again when its lease is over', async () => {
  const [dying, other] = [await open({ user: 2 }), await open({ user: 2 })];
  const guest = someone();
  await dying.enter(guest);
  await dying.enter(guest);
  await Bun.sleep(3_500);
  await expect(other.enter(guest)).rejects.toMatchObject(refused('user'));
  dying.die();
  await until(() => other.enter(guest).then(Boolean, () => false));
  await other.enter(guest);
  await expect(other.enter(guest)).rejects.toMatchObject(refused('user'));
  await other.stop();
});

test('counts that Valkey has lost are written again', async () => {
  const [one, two] = [await open({ user: 2 }), await open({ user: 2 })];
  const guest = someone();
  await one.enter(guest);
  await one.enter(guest);
  for (const key of await two.connection.keys('{sockets}:*')) await two.connection.del(key);
  await until(async () => {
    const seat = await two.enter(guest).catch(() => undefined);
    seat?.release();
    return !seat;
  });
  await expect(two.enter(guest)).rejects.toMatchObject(refused('user'));
  await Promise.all([one.stop(), two.stop()]);
});

test('without Valkey a replica goes by its own counts, and says so', async () => {
  const { enter, seats, errors, die } = await open({ user: 2 });
  const guest = someone();
  await enter(guest);
  die();
  const second = await enter(guest);
  expect(seats.unchecked()).toBe(1);
  expect(errors).toHaveLength(1);
  await expect(enter(guest)).rejects.toMatchObject(refused('user'));
  second.release();
  await expect(enter(guest)).resolves.toBeDefined();
});

test('a socket too many hears connect_error with the limit, and gets in when one has gone', async () => {
  const limits = { ...many, user: 2 };
  const options = { onError: () => {}, limits };
  const replicas = [
    await startReplica('websocket-1', { seats: createSeats(valkey('command'), options) }),
    await startReplica('websocket-2', { seats: createSeats(valkey('command'), options) }),
  ] as const;
  const { token } = await person();
  const [first] = [
    await connect(replicas[0].url, token),
    await connect(replicas[1].url, token, { transports: ['polling'] }),
  ];
  for (const { url, server } of replicas) {
    const failure = await connect(url, token).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: 'One person may have 2 connections at a time; close one or try again later',
      data: refused('user'),
    });
    expect([...server.refusals()]).toEqual([['TOO_MANY_CONNECTIONS/user', 1]]);
    expect(server.figures()).toMatchObject({ sockets: 1, unchecked: 0 });
  }
  await expect(
    connect(replicas[0].url, (await person({ tenantId: newId('org') })).token),
  ).resolves.toBeDefined();
  first.socket.disconnect();
  const again = () => connect(replicas[1].url, token).then(Boolean, () => false);
  await until(again);
});

test('a socket that is refused or breaks off on its way in holds no seat', async () => {
  const seats = createSeats(valkey('command'), { onError: () => {}, limits: { ...many, user: 1 } });
  let refusals = 3;
  let arrivals = 0;
  const { url } = await startReplica('websocket-1', {
    seats,
    sessionRecords: {
      list: () => Promise.resolve(new Map()),
      async require() {
        if (refusals-- > 0) throw new ForbiddenError();
        if (arrivals++ === 0) await Bun.sleep(500);
      },
    },
  });
  const { token } = await person();
  for (let i = 0; i < 3; i++) {
    expect(await connect(url, token).catch((error: unknown) => error)).toBeInstanceOf(Error);
  }
  const hasty = io(url, { auth: { token }, forceNew: true, transports: ['websocket'] });
  await until(() => arrivals === 1);
  hasty.disconnect();
  await until(() => connect(url, token).then(Boolean, () => false));
});

test('an organisation may have so many subscriptions on a replica', async () => {
  const { url } = await startReplica('websocket-1', { maxChannelsPerOrganization: 3 });
  const { tenantId, token } = await person();
  const { socket } = await connect(url, token);
  const { socket: colleague } = await connect(url, (await person({ tenantId })).token);
  const channels = [newChannel(), newChannel(), newChannel()] as const;
  for (const channel of channels) {
    expect(await ask(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
    expect(await ask(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  }
  const wanted = { channel: newChannel() };
  expect(await ask(colleague, 'subscribe', wanted)).toMatchObject({
    ok: false,
    error: { status: 429, code: 'TOO_MANY_CHANNELS', errors: [{ path: 'organization' }] },
  });
  const { socket: stranger } = await connect(url, (await person({ tenantId: newId('org') })).token);
  expect(await ask(stranger, 'subscribe', wanted)).toMatchObject({ ok: true });
  await ask(socket, 'unsubscribe', { channel: channels[0] });
  await ask(socket, 'unsubscribe', { channel: channels[0] });
  expect(await ask(colleague, 'subscribe', wanted)).toMatchObject({ ok: true });
  expect(await ask(colleague, 'subscribe', { channel: newChannel() })).toMatchObject({ ok: false });
  socket.disconnect();
  await until(async () => (await ask(colleague, 'subscribe', { channel: newChannel() })).ok);
});

test.each([
  ['limited', createSeats],
  ['not limited', countSeats],
] as const)(
  '%s: how many sockets are open is known everywhere, and at once when a replica is killed',
  async (_, create) => {
    const tenantId = newId('org');
    const reader = valkey('command');
    const openReplica = (name: `websocket-${number}`) => {
      const subscriber = valkey('subscriber');
      // No lease runs out within this test.
      const options = { onError: () => {}, subscriber, leaseMs: 600_000, limits: many };
      const seats = create(valkey('command'), options);
      return startReplica(name, { seats }).then((replica) => ({ ...replica, subscriber }));
    };
    const replicas = [await openReplica('websocket-1'), await openReplica('websocket-2')] as const;
    const open = () => countOpenSockets(reader, tenantId);
    const sockets = [];
    for (const { url } of [...replicas, replicas[0]])
      sockets.push(await connect(url, (await person({ tenantId })).token));
    await connect(replicas[0].url, (await person({ tenantId: newId('org') })).token);
    await until(async () => (await open()) === 3);
    sockets[0]?.socket.disconnect();
    await until(async () => (await open()) === 2);
    // What becomes of a process's connections when it is killed.
    replicas[0].subscriber.disconnect();
    await until(async () => (await open()) === 1);
  },
);
