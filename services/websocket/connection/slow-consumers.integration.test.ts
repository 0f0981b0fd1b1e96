import { afterAll, afterEach, expect, test } from 'bun:test';
import { createTestContext, until } from '@insightdesk/shared/testing';
import { ask, createStage, entries, newChannel, tenantId } from '../test-replica.ts';
import { connectStuckClient } from '../test-stuck-client.ts';

const testContext = createTestContext();
const { startReplica, connect, person, channelLog, close } = createStage(testContext);
afterEach(close);
afterAll(testContext.close);

const noise = () => crypto.getRandomValues(Buffer.alloc(5_000)).toString('hex');
const large = (channel: string, count: number) =>
  entries(channel, count).map((entry) => ({ ...entry, data: { text: noise() } }));
const limits = {
  softBytes: 200_000,
  softMs: 60_000,
  hardBytes: 1_000_000,
  checkMs: 50,
  farewellMs: 200,
};
/** Of 10 kB each: more than the system keeps for both ends, which can be 38 MB, and what may wait. */
const ENOUGH = 8_000;
const BATCH = 50;

async function setUp(overrides: Partial<typeof limits> = {}) {
  const replica = await startReplica('websocket-1', {
    slowConsumers: { ...limits, ...overrides },
  });
  const { token } = await person();
  const channel = newChannel();
  const healthy = await connect(replica.url, token);
  const position = await ask(healthy.socket, 'subscribe', { channel });
  const stuck = await connectStuckClient(replica.url, token, channel);
  stuck.stick();
  const log = channelLog();
  let appended = 0;
  async function flood(count: number) {
    for (const end = appended + count; appended < end; ) {
      await log.append(large(channel, BATCH));
      appended += BATCH;
      // On a busy machine whoever does read would be slow, too.
      await until(() => healthy.events.length >= appended);
    }
  }
  const { server, url } = replica;
  async function floodUntilCutOff() {
    const last = appended + ENOUGH;
    const isCutOff = async () => {
      if (appended < last) await flood(BATCH);
      return (await server.getChannelClients({ tenantId, channel })).length === 1;
    };
    await until(isCutOff);
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
    floodUntilCutOff,
    appended: () => appended,
  };
}

test('a stuck consumer is cut off, the others get everything, and it can resume', async () => {
  const { server, url, token, channel, position, healthy, stuck, floodUntilCutOff, appended } =
    await setUp();
  await floodUntilCutOff();
  await until(() => server.figures().sockets === 1);
  stuck.resume();
  await stuck.closed;
  await until(() => healthy.events.length === appended());
  expect(healthy.socket.connected).toBe(true);
  const again = await connect(url, token);
  const { epoch } = position;
  const resumed = await ask(again.socket, 'subscribe', { channel, epoch, offset: appended() - 3 });
  expect(resumed).toMatchObject({ ok: true, recovered: true });
  expect(resumed.events).toHaveLength(3);
});

test('a slow one that reads on hears why; one that is slow for a while only stays', async () => {
  const softMs = 4_000;
  const { server, stuck, flood, floodUntilCutOff, appended } = await setUp({
    hardBytes: 100_000_000,
    softMs,
    farewellMs: 20_000,
  });
  for (const end = performance.now() + 1.5 * softMs; performance.now() < end; ) {
    await flood(4 * BATCH);
    await Bun.sleep(300);
    stuck.resume();
    await until(() => stuck.received().slice(-20_000).includes(`"offset":${appended()},`));
    stuck.stick();
  }
  expect(server.figures().sockets).toBe(2);
  await floodUntilCutOff();
  stuck.resume();
  await stuck.closed;
  expect(stuck.received().includes('TOO_SLOW')).toBe(true);
  expect(server.figures().sockets).toBe(1);
});
