import { expect, test } from 'bun:test';
import { until } from '@insightdesk/shared/testing';
import { connectStuckClient } from '../testing/stuck-client.ts';
import {
  call,
  createTestReplicas,
  newChannel,
  newEntries,
  tenantId,
} from '../testing/test-replica.ts';

const { startReplica, connect, newUser, channelLog, openSockets } = createTestReplicas();

const randomText = () => crypto.getRandomValues(Buffer.alloc(5_000)).toString('hex');
const large = (channel: string, count: number) =>
  newEntries(channel, count).map((entry) => ({ ...entry, data: { text: randomText() } }));
const limits = {
  softBytes: 200_000,
  softMs: 60_000,
  hardBytes: 1_000_000,
  checkIntervalMs: 50,
  closeTimeoutMs: 200,
};
/** Events of 10 kB: more than the system buffers for both ends, up to 38 MB, and the limits. */
const MAX_EVENTS = 8_000;
const BATCH = 50;

async function setUp(overrides: Partial<typeof limits> = {}) {
  const replica = await startReplica('websocket-1', {
    slowConsumers: { ...limits, ...overrides },
  });
  const { token } = await newUser();
  const channel = newChannel();
  const healthy = await connect(replica.url, token);
  const position = await call(healthy.socket, 'subscribe', { channel });
  const stuck = await connectStuckClient(replica.url, token, channel);
  stuck.pause();
  const log = channelLog();
  let appended = 0;
  async function flood() {
    await log.append(large(channel, BATCH));
    appended += BATCH;
    // On a busy machine the healthy consumer would be slow, too.
    await until(() => healthy.events.length >= appended);
  }
  const { server, url } = replica;
  const sockets = openSockets();
  async function floodUntilDisconnected() {
    const isDisconnected = async () => {
      if (appended < MAX_EVENTS) await flood();
      return (await sockets.getChannelClients({ tenantId, channel })).length === 1;
    };
    await until(isDisconnected);
  }
  return {
    server,
    url,
    token,
    channel,
    position,
    healthy,
    stuck,
    floodUntilDisconnected,
    appended: () => appended,
  };
}

test('slow consumers: a stuck socket is closed, the others get every event, and it can resume', async () => {
  const {
    server,
    url,
    token,
    channel,
    position,
    healthy,
    stuck,
    floodUntilDisconnected,
    appended,
  } = await setUp();
  await floodUntilDisconnected();
  await until(() => server.stats().sockets, { equals: 1 });
  stuck.resume();
  await stuck.closed;
  await until(() => healthy.events.length === appended());
  expect(healthy.socket.connected).toBe(true);
  const again = await connect(url, token);
  const { epoch } = position;
  const resumed = await call(again.socket, 'subscribe', { channel, epoch, offset: appended() - 3 });
  expect(resumed).toMatchObject({ ok: true, recovered: true });
  expect(resumed.events).toHaveLength(3);
});

test('slow consumers: a socket that reads again gets TOO_SLOW', async () => {
  const { server, stuck, floodUntilDisconnected } = await setUp({
    hardBytes: 100_000_000,
    softMs: 300,
    closeTimeoutMs: 20_000,
  });
  await floodUntilDisconnected();
  stuck.resume();
  await until(() => stuck.received().includes('TOO_SLOW'));
  stuck.destroy();
  await until(() => server.stats().sockets, { equals: 1 });
});
