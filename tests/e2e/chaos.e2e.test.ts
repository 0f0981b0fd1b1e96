import { afterAll, expect, test } from 'bun:test';
import { bySize } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import { isLocalStack, registerOwner } from './client.ts';
import { createFollowers, createStaffChannels } from './followers.ts';
import { findValkeyPid, killProcess, killService } from './kill-targets.ts';
import { createOutboxClient } from './outbox.ts';

const CLIENTS = bySize(40, 200);
const CHANNELS = bySize(12, 40);
const CHANNELS_EACH = 5;
const EVENTS = bySize(1_200, 20_000);
const KILLS = bySize(5, 20);
const TRANSPORTS = bySize(['websocket'], ['websocket', 'polling']);

const outbox = createOutboxClient();
let followers = createFollowers(outbox.listPublished);

afterAll(async () => {
  followers.close();
  await outbox.close();
});

const kinds = ['websocket', 'disconnect', 'valkey', 'worker', 'websocket'] as const;

/** Kills a process or disconnects clients, and waits until it has happened. */
async function injectFailure(n: number): Promise<string> {
  const kind = kinds[n % kinds.length] ?? 'disconnect';
  if (kind === 'disconnect') await disconnectClients(n);
  else if (kind === 'valkey') await killProcess(await findValkeyPid());
  else await killService((service) => service.kind === kind);
  return kind;
}

/** Disconnects a quarter of the clients. Waits first if they are reconnecting. */
async function disconnectClients(n: number): Promise<void> {
  const clients = await until(
    () => {
      const found = followers.list.filter(({ socket }, i) => i % 4 === n % 4 && socket.connected);
      return found.length > 0 && found;
    },
    { timeoutMs: 30_000 },
  );
  for (const { socket } of clients) socket.io.engine.close();
}

test.skipIf(!isLocalStack).each(TRANSPORTS)(
  `${CLIENTS} clients by %s receive ${EVENTS} events in order across ${KILLS} kills`,
  async (transport) => {
    followers.close();
    followers = createFollowers(outbox.listPublished);
    const owner = await registerOwner();
    const channels = await createStaffChannels(owner, CHANNELS);
    for (let i = 0; i < CLIENTS; i++) {
      const followed = Array.from(
        { length: CHANNELS_EACH },
        (_, k) => channels[(i + k * 7) % CHANNELS],
      );
      followers.follow(owner.token, followed as string[], transport);
    }
    await followers.ready();

    const slice = EVENTS / KILLS;
    const killed: string[] = [];
    for (let k = 0; k < KILLS; k++) {
      await outbox.publish(owner, channels, k * slice, slice);
      await Bun.sleep(300 + Math.random() * 700);
      killed.push(await injectFailure(k));
    }
    const kills = Object.fromEntries(
      kinds.map((kind) => [kind, killed.filter((other) => other === kind).length]),
    );
    expect(Object.values(kills).every((count) => count >= KILLS / kinds.length)).toBe(true);
    const total = EVENTS / CHANNELS;
    const complete = () =>
      followers.states().filter(([, { numbers }]) => numbers.length >= total).length;
    await until(() => complete() === CLIENTS * CHANNELS_EACH, { timeoutMs: 200_000 }).catch(
      () => {},
    );

    for (const [channel, { numbers }] of followers.states()) {
      const first = channels.indexOf(channel);
      const expected = Array.from({ length: total }, (_, i) => first + i * CHANNELS);
      expect(numbers).toEqual(expected);
    }
    expect(followers.counts).toMatchObject({ repeated: 0, disordered: 0 });
  },
  400_000,
);
