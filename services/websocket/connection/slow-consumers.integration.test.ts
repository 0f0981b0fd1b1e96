import { afterAll, afterEach, expect, test } from 'bun:test';
import { createTestContext, until } from '@insightdesk/shared/testing';
import { connectStuckClient } from '../testing/stuck-client.ts';
import {
  call,
  createTestReplicas,
  newChannel,
  newEntries,
  tenantId,
} from '../testing/test-replica.ts';

const testContext = createTestContext();
const { startReplica, connect, newUser, channelLog, close } = createTestReplicas(testContext);
afterEach(close);
afterAll(testContext.close);

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
  async function flood(count: number) {
    for (const end = appended + count; appended < end; ) {
      await log.append(large(channel, BATCH));
      appended += BATCH;
      // On a busy machine the healthy consumer would be slow, too.
      await until(() => healthy.events.length >= appended);
    }
  }
  const { server, url } = replica;
  async function floodUntilDisconnected() {
    const last = appended + MAX_EVENTS;
    const isDisconnected = async () => {
      if (appended < last) await flood(BATCH);
      return (await server.getChannelClients({ tenantId, channel })).length === 1;
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
    flood,
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

test('slow consumers: a socket that reads again gets TOO_SLOW; one that is slow for a moment stays open', async () => {
  const softMs = 4_000;
  const { server, stuck, flood, floodUntilDisconnected, appended } = await setUp({
    hardBytes: 100_000_000,
    softMs,
    closeTimeoutMs: 20_000,
  });
  for (const end = performance.now() + 1.5 * softMs; performance.now() < end; ) {
    await flood(4 * BATCH);
    await Bun.sleep(300);
    stuck.resume();
    await until(() => stuck.received().slice(-20_000).includes(`"offset":${appended()},`));
    stuck.pause();
  }
  expect(server.stats().sockets).toBe(2);
  await floodUntilDisconnected();
  stuck.resume();
  await stuck.closed;
  expect(stuck.received().includes('TOO_SLOW')).toBe(true);
  expect(server.stats().sockets).toBe(1);
});
