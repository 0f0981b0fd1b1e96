import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import { bySize, isLongTier } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import { isLocalStack, registerOwner, run } from './client.ts';
import { createFollowers, createStaffChannels } from './followers.ts';
import { findValkeyPid, killProcess } from './kill-targets.ts';
import { createOutboxClient } from './outbox.ts';

const CLIENTS = 30;
const CHANNELS = 6;
const CHANNELS_EACH = 3;
const SLICE = 300;

const outbox = createOutboxClient();
let followers = createFollowers(outbox.listPublished);
afterAll(async () => {
  followers.close();
  await outbox.close();
});

/** Makes Valkey write nothing to the disk. */
async function disablePersistence(): Promise<void> {
  const valkey = createValkey(run.valkey, { name: 'loss', role: 'command', onError: () => {} });
  await valkey.config('SET', 'appendonly', 'no');
  valkey.disconnect();
}

/** Deletes all data of Valkey, and restarts it if `loss` requires it. */
async function loseValkey(loss: string): Promise<void> {
  // Valkey may still be starting; the blocking role waits for it.
  const valkey = createValkey(run.valkey, { name: 'loss', role: 'blocking', onError: () => {} });
  try {
    await valkey.flushall();
    if (loss !== 'restarted empty') return;
    // SHUTDOWN has no response. Without `disconnect` it would be sent again after a reconnect.
    const closed = new Promise((resolve) => valkey.once('close', resolve));
    valkey.shutdown('NOSAVE').catch(() => {});
    await closed;
  } finally {
    valkey.disconnect();
  }
}

async function startFollowers() {
  followers.close();
  followers = createFollowers(outbox.listPublished);
  const owner = await registerOwner();
  const channels = await createStaffChannels(owner, CHANNELS);
  for (let i = 0; i < CLIENTS; i++) {
    const followed = Array.from({ length: CHANNELS_EACH }, (_, k) => channels[(i + k) % CHANNELS]);
    followers.follow(owner.token, followed as string[], i % 5 === 0 ? 'polling' : 'websocket');
  }
  await followers.ready();
  let count = 0;
  const publish = () => outbox.publish(owner, channels, SLICE * count++, SLICE);
  const complete = () =>
    followers.states().every(([, { numbers }]) => numbers.length >= (count * SLICE) / CHANNELS);
  const expectAll = async () => {
    for (const [channel, { numbers }] of followers.states()) {
      const expected = (await outbox.listPublished(channel)).map(({ n }) => n);
      expect(numbers).toEqual(expected);
    }
  };
  return { publish, complete, expectAll };
}

const longTest = isLongTier && isLocalStack ? test : () => {};

test.skipIf(!isLocalStack).each(bySize(['restarted empty'], ['flushed', 'restarted empty']))(
  'Valkey %s: connected and disconnected clients miss no event and see no gap',
  async (loss) => {
    const { publish, complete, expectAll } = await startFollowers();
    await publish();
    await until(complete, { timeoutMs: 60_000 });
    const disconnected = followers.list.filter((_, i) => i % 2 === 0);
    for (const { socket } of disconnected) socket.disconnect();
    await publish();
    await until(outbox.isRelayed, { timeoutMs: 60_000 });
    await loseValkey(loss);
    await publish();
    for (const { socket } of disconnected) socket.connect();
    await publish();
    await until(complete, { timeoutMs: 60_000 }).catch(() => {});
    await expectAll();
    expect(followers.counts).toMatchObject({ gaps: 0, repeated: 0, disordered: 0 });
  },
  180_000,
);

longTest(
  'clients receive every event when Valkey is lost three times while events are published',
  async () => {
    const { publish, complete, expectAll } = await startFollowers();
    for (const loss of ['flushed', 'restarted empty', 'flushed']) {
      await publish();
      await Bun.sleep(Math.random() * 100);
      await loseValkey(loss);
      await publish();
      await Bun.sleep(1500);
    }
    await until(complete, { timeoutMs: 90_000 }).catch(() => {});
    await expectAll();
  },
  180_000,
);

longTest(
  'clients receive events that Valkey lost in a crash',
  async () => {
    const { publish, complete, expectAll } = await startFollowers();
    await publish();
    await until(complete, { timeoutMs: 60_000 });
    await disablePersistence();
    const disconnected = followers.list.filter((_, i) => i % 2 === 0);
    for (const { socket } of disconnected) socket.disconnect();
    await publish();
    await until(outbox.isRelayed, { timeoutMs: 60_000 });
    await killProcess(await findValkeyPid());
    await publish();
    for (const { socket } of disconnected) socket.connect();
    await publish();
    await until(complete, { timeoutMs: 60_000 }).catch(() => {});
    await expectAll();
    expect(followers.counts).toMatchObject({ repeated: 0, disordered: 0 });
  },
  180_000,
);
