import { afterAll, expect, test } from 'bun:test';
import { createValkey } from '@insightdesk/shared/valkey';
import { isLocalStack, registerOwner, run, until } from './client.ts';
import { createCrowd, openStaffChannels } from './followers.ts';
import { end, killService } from './kill-targets.ts';
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

const kinds = ['websocket', 'cut', 'valkey', 'worker', 'websocket'] as const;

/** Ends something and sees that it has ended. */
async function killSomething(n: number): Promise<string> {
  const kind = kinds[n % kinds.length] ?? 'cut';
  if (kind === 'cut') await cutSome(n);
  else if (kind === 'valkey') await end(await valkeyPid());
  else await killService((service) => service.kind === kind);
  return kind;
}

/** A quarter of the clients lose their connection; after a kill they may have to find one first. */
async function cutSome(n: number): Promise<void> {
  const some = await until(() => {
    const found = crowd.followers.filter(({ socket }, i) => i % 4 === n % 4 && socket.connected);
    return found.length > 0 && found;
  }, 30_000);
  for (const { socket } of some) socket.io.engine.close();
}

async function valkeyPid(): Promise<number> {
  // It may still be starting after the kill before: this role waits for it.
  const valkey = createValkey(run.valkey, { name: 'chaos', role: 'blocking', onError: () => {} });
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
    const killed: string[] = [];
    for (let k = 0; k < KILLS; k++) {
      await outbox.publish(owner, opened, k * slice, slice);
      await Bun.sleep(300 + Math.random() * 700);
      killed.push(await killSomething(k));
    }
    const kills = Object.fromEntries(
      kinds.map((kind) => [kind, killed.filter((other) => other === kind).length]),
    );
    expect(kills).toEqual({ websocket: 8, cut: 4, valkey: 4, worker: 4 });
    const total = EVENTS / CHANNELS;
    const complete = () =>
      crowd.states().filter(([, { numbers }]) => numbers.length >= total).length;
    await until(() => complete() === CLIENTS * CHANNELS_EACH, 200_000).catch(() => {});

    const lost = CLIENTS * CHANNELS_EACH - complete();
    console.log(
      `chaos by ${transport}:`,
      JSON.stringify({
        ...crowd.figures,
        ...kills,
        channelsIncomplete: lost,
        stuck: crowd.stuck(total),
      }),
    );
    for (const [channel, { numbers }] of crowd.states()) {
      const first = opened.indexOf(channel);
      const wanted = Array.from({ length: total }, (_, i) => first + i * CHANNELS);
      expect(numbers).toEqual(wanted);
    }
    expect(crowd.figures).toMatchObject({ repeated: 0, disordered: 0 });
  },
  400_000,
);
