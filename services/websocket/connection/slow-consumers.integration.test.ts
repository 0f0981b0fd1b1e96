import { afterAll, afterEach, expect, test } from 'bun:test';
import { createTestContext } from '@insightdesk/shared/testing';
import { ask, createStage, entries, newChannel, tenantId, until } from '../test-replica.ts';
import { connectStuckClient } from '../test-stuck-client.ts';

const testContext = createTestContext();
const { startReplica, connect, person, channelLog, close } = createStage(testContext);
afterEach(close);
afterAll(testContext.close);

const noise = () => crypto.getRandomValues(Buffer.alloc(5_000)).toString('hex');
const large = (channel: string, count: number) =>
  entries(channel, count).map((entry) => ({ ...entry, data: { text: noise() } }));
const limits = { softBytes: 200_000, softMs: 60_000, hardBytes: 1_000_000, checkMs: 50 };

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
    for (const end = appended + count; appended < end; appended += 50) {
      await log.append(large(channel, 50));
      await Bun.sleep(10);
    }
  }
  const { server, url } = replica;
  async function floodUntilCutOff() {
    while ((await server.getChannelClients({ tenantId, channel })).length === 2) {
      if (appended >= 8_000) throw new Error('Nobody was cut off');
      await flood(250);
    }
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
  await until(() => server.figures().sockets === 1, 4_000);
  stuck.resume();
  await stuck.closed;
  await until(() => healthy.events.length === appended());
  expect(healthy.socket.connected).toBe(true);
  const again = await connect(url, token);
  const { epoch } = position;
  const resumed = await ask(again.socket, 'subscribe', { channel, epoch, offset: appended() - 3 });
  expect(resumed).toMatchObject({ ok: true, recovered: true });
  expect(resumed.events).toHaveLength(3);
}, 30_000);

test('a slow one that reads on hears why; one that is slow for a while only stays', async () => {
  const { server, stuck, flood, floodUntilCutOff } = await setUp({
    hardBytes: 100_000_000,
    softMs: 500,
  });
  for (let n = 0; n < 5; n++) {
    await flood(200);
    stuck.resume();
    await Bun.sleep(150);
    stuck.stick();
  }
  expect(server.figures().sockets).toBe(2);
  await floodUntilCutOff();
  stuck.resume();
  await stuck.closed;
  expect(stuck.received()).toContain('TOO_SLOW');
  expect(server.figures().sockets).toBe(1);
}, 30_000);
