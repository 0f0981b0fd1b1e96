import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import { isLocalStack, loadRun, registerOwner, run, until } from './client.ts';
import { createCrowd, openStaffChannels } from './followers.ts';
import { openOutbox } from './outbox.ts';

const CLIENTS = 200;
const CHANNELS = 40;
const CHANNELS_EACH = 5;
const EVENTS = 20_000;
const KILLS = 20;

const outbox = openOutbox();
let crowd = createCrowd(outbox.published);

afterAll(async () => {
  crowd.close();
  await outbox.close();
});

async function killSomething(n: number): Promise<string> {
  const kinds = ['websocket', 'cut', 'valkey', 'worker', 'websocket'];
  const kind = kinds[n % kinds.length] ?? 'cut';
  if (kind === 'cut') {
    for (const { socket } of crowd.followers.filter((_, i) => i % 4 === n % 4)) {
      socket.io.engine?.close();
    }
    return kind;
  }
  const pid = kind === 'valkey' ? await valkeyPid() : randomPid(kind);
  if (pid) process.kill(pid, 'SIGKILL');
  return kind;
}

function randomPid(kind: string): number | undefined {
  const some = loadRun().services.filter((service) => service.kind === kind);
  return some[Math.floor(Math.random() * some.length)]?.pid;
}

async function valkeyPid(): Promise<number> {
  const valkey = createValkey(run.valkey, { name: 'chaos', role: 'command', onError: () => {} });
  const found = /process_id:(\d+)/.exec(await valkey.info('server'));
  valkey.disconnect();
  return Number(found?.[1]);
}

test.skipIf(!isLocalStack).each(['websocket', 'polling'])(
  '200 clients by %s, 20,000 events, 20 kills: every client ends with the published sequence',
  async (transport) => {
    crowd.close();
    crowd = createCrowd(outbox.published);
    const owner = await registerOwner();
    const opened = await openStaffChannels(owner, CHANNELS);
    for (let i = 0; i < CLIENTS; i++) {
      const own = Array.from({ length: CHANNELS_EACH }, (_, k) => opened[(i + k * 7) % CHANNELS]);
      crowd.follow(owner.token, own as string[], transport);
    }
    await crowd.ready();

    const slice = EVENTS / KILLS;
    for (let k = 0; k < KILLS; k++) {
      await outbox.publish(owner, opened, k * slice, slice);
      await Bun.sleep(300 + Math.random() * 700);
      await killSomething(k).catch(() => 'nothing');
    }
    const total = EVENTS / CHANNELS;
    const complete = () =>
      crowd.states().filter(([, { numbers }]) => numbers.length >= total).length;
    await until(() => complete() === CLIENTS * CHANNELS_EACH, 120_000).catch(() => {});

    for (const [channel, { numbers }] of crowd.states()) {
      const first = opened.indexOf(channel);
      const wanted = Array.from({ length: total }, (_, i) => first + i * CHANNELS);
      expect(numbers).toEqual(wanted);
    }
    const lost = CLIENTS * CHANNELS_EACH - complete();
    console.log(
      `chaos by ${transport}:`,
      JSON.stringify({ ...crowd.figures, channelsIncomplete: lost }),
    );
    expect(crowd.figures).toMatchObject({ repeated: 0, disordered: 0 });
  },
  300_000,
);
