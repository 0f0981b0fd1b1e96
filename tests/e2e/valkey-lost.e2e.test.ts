import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import { isLocalStack, registerOwner, run, until } from './client.ts';
import { createCrowd, openStaffChannels } from './followers.ts';
import { end } from './kill-targets.ts';
import { openOutbox } from './outbox.ts';

const CLIENTS = 30;
const CHANNELS = 6;
const CHANNELS_EACH = 3;
const SLICE = 300;

const outbox = openOutbox();
let crowd = createCrowd(outbox.published);
afterAll(async () => {
  crowd.close();
  await outbox.close();
});

/** Ends Valkey, which loses what came since `keepNothingMore`. */
async function killValkey(): Promise<void> {
  const valkey = createValkey(run.valkey, { name: 'loss', role: 'blocking', onError: () => {} });
  const [, pid] = /process_id:(\d+)/.exec(await valkey.info('server')) ?? [];
  valkey.disconnect();
  await end(Number(pid));
}

/** What a slow disk does for a second or two, until it is killed. */
async function keepNothingMore(): Promise<void> {
  const valkey = createValkey(run.valkey, { name: 'loss', role: 'command', onError: () => {} });
  await valkey.config('SET', 'appendonly', 'no');
  valkey.disconnect();
}

/** Takes everything from Valkey; a new server takes its place when `how` says so. */
async function loseValkey(how: string): Promise<void> {
  // It may still be starting after the loss before: this role waits for it.
  const valkey = createValkey(run.valkey, { name: 'loss', role: 'blocking', onError: () => {} });
  try {
    await valkey.flushall();
    if (how !== 'restarted empty') return;
    // It ends without an answer, and the supervisor starts one that finds nothing; asked again
    // after a reconnect, that one would end, too.
    const gone = new Promise((resolve) => valkey.once('close', resolve));
    valkey.shutdown('NOSAVE').catch(() => {});
    await gone;
  } finally {
    valkey.disconnect();
  }
}

async function startCrowd() {
  crowd.close();
  crowd = createCrowd(outbox.published);
  const owner = await registerOwner();
  const opened = await openStaffChannels(owner, CHANNELS);
  for (let i = 0; i < CLIENTS; i++) {
    const own = Array.from({ length: CHANNELS_EACH }, (_, k) => opened[(i + k) % CHANNELS]);
    crowd.follow(owner.token, own as string[], i % 5 === 0 ? 'polling' : 'websocket');
  }
  await crowd.ready();
  let count = 0;
  const publish = () => outbox.publish(owner, opened, SLICE * count++, SLICE);
  const complete = () =>
    crowd.states().every(([, { numbers }]) => numbers.length >= (count * SLICE) / CHANNELS);
  const expectAll = async () => {
    for (const [channel, { numbers }] of crowd.states()) {
      const wanted = (await outbox.published(channel)).map(({ n }) => n);
      expect(numbers).toEqual(wanted);
    }
  };
  return { publish, complete, expectAll };
}

test.skipIf(!isLocalStack).each(['flushed', 'restarted empty'])(
  'Valkey %s: those who were there and those who were away miss nothing and are told of no gap',
  async (how) => {
    const { publish, complete, expectAll } = await startCrowd();
    await publish();
    await until(complete, 60_000);
    const away = crowd.followers.filter((_, i) => i % 2 === 0);
    for (const { socket } of away) socket.disconnect();
    await publish();
    await until(outbox.isRelayed, 60_000);
    await loseValkey(how);
    await publish();
    for (const { socket } of away) socket.connect();
    await publish();
    await until(complete, 60_000).catch(() => {});
    console.log(`Valkey ${how}:`, JSON.stringify(crowd.figures));
    await expectAll();
    expect(crowd.figures).toMatchObject({ gaps: 0, repeated: 0, disordered: 0 });
  },
  180_000,
);

test.skipIf(!isLocalStack)(
  'Valkey lost in full flight, three times: every client ends with the published sequence',
  async () => {
    const { publish, complete, expectAll } = await startCrowd();
    for (const how of ['flushed', 'restarted empty', 'flushed']) {
      await publish();
      await Bun.sleep(Math.random() * 100);
      await loseValkey(how);
      await publish();
      await Bun.sleep(1500);
    }
    await until(complete, 90_000).catch(() => {});
    console.log('Valkey lost in full flight:', JSON.stringify(crowd.figures));
    await expectAll();
  },
  180_000,
);

test.skipIf(!isLocalStack)(
  'Valkey killed without its newest: those who had not heard of them yet are not led past them',
  async () => {
    const { publish, complete, expectAll } = await startCrowd();
    await publish();
    await until(complete, 60_000);
    await keepNothingMore();
    const away = crowd.followers.filter((_, i) => i % 2 === 0);
    for (const { socket } of away) socket.disconnect();
    await publish();
    await until(outbox.isRelayed, 60_000);
    await killValkey();
    await publish();
    for (const { socket } of away) socket.connect();
    await publish();
    await until(complete, 60_000).catch(() => {});
    console.log('Valkey without its newest:', JSON.stringify(crowd.figures));
    await expectAll();
    expect(crowd.figures).toMatchObject({ repeated: 0, disordered: 0 });
  },
  180_000,
);
