import type { Row } from './run.ts';
import { type Clients, startClients } from './sockets/clients-process.ts';
import { median, rssBytes, settledBytes } from './sockets/figures.ts';
import { type OurSide, startOurs } from './sockets/our-side.ts';
import { restartReplica } from './sockets/restart.ts';
import { type Side, startBare } from './sockets/side.ts';
import { readStack } from './stack.ts';

const ROUNDS = 3;
const ORGANIZATIONS = 20;
const IDLE = 5_000;
const WARMERS = 500;
const AT_ONCE = 100;
/** Each on a channel of its own: what waits for them on one channel, they would share. */
const STUCK = 8;
const EVENTS = 20_000;
const BATCH = 250;
const TEXT_LENGTH = 1_000;

type Runtime = 'bun' | 'node' | 'ours';

/** What one connected, authenticated and subscribed client costs, in kB. */
async function measureIdle(side: Side, clients: Clients): Promise<number> {
  await clients.connect('warm', side.targets(), WARMERS, AT_ONCE);
  await clients.close('warm');
  const before = await settledBytes(side.pid());
  await clients.connect('idle', side.targets(), IDLE, AT_ONCE);
  const after = await settledBytes(side.pid());
  await clients.close('idle');
  return (after - before) / IDLE / 1_024;
}

/** The peak and the median while each channel tells EVENTS events, in MB. */
async function measureLoad(side: Side, clients: Clients, stuck: number) {
  const targets = side.targets().slice(0, STUCK);
  await clients.connect('readers', targets, STUCK);
  await clients.connect('stuck', targets, stuck);
  await clients.child.ask('stick', { group: 'stuck', count: stuck });
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(rssBytes(side.pid()) / 1_048_576), 50);
  for (let told = 0; told < EVENTS; told += BATCH) {
    await clients.arrivals('readers', BATCH * STUCK, async () => {
      await Promise.all(targets.map(({ channel }) => publishTo(side, channel)));
      return 0;
    });
  }
  clearInterval(timer);
  await clients.close('readers');
  await clients.close('stuck');
  return { peak: Math.max(...samples), median: median(samples) };
}

const publishTo = (side: Side | OurSide, channel: string) =>
  'append' in side ? side.append(channel, BATCH) : side.publish(channel, BATCH);

/** What one client that reads nothing adds, in MB: with such clients less without them. */
async function measureStuck(fresh: () => Promise<Side>, clients: Clients) {
  const load = async (stuck: number) => {
    const side = await fresh();
    try {
      return await measureLoad(side, clients, stuck);
    } finally {
      await side.stop();
    }
  };
  const without = await load(0);
  const among = await load(STUCK);
  return {
    peak: (among.peak - without.peak) / STUCK,
    median: (among.median - without.median) / STUCK,
  };
}

/** A side in new processes: memory remembers what was before. */
async function startFresh(runtime: Runtime): Promise<Side> {
  if (runtime === 'ours') {
    await restartReplica();
    return startOurs(ORGANIZATIONS, TEXT_LENGTH);
  }
  const channels = Array.from({ length: ORGANIZATIONS }, (_, i) => `private-organization-${i}`);
  return startBare(runtime, { valkey: readStack().valkey, channels, textLength: TEXT_LENGTH });
}

/** Memory of idle and of stuck connections beside bare Socket.IO; takes some minutes. */
export default async function measure(): Promise<Row[]> {
  const clients = await startClients();
  const runtimes = ['bun', 'node', 'ours'] as const;
  const idle: Record<Runtime, number[]> = { bun: [], node: [], ours: [] };
  const peak: Record<Runtime, number[]> = { bun: [], node: [], ours: [] };
  const usual: Record<Runtime, number[]> = { bun: [], node: [], ours: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const runtime of runtimes) {
      const side = await startFresh(runtime);
      idle[runtime].push(await measureIdle(side, clients));
      await side.stop();
      if (runtime === 'node') continue;
      const stuck = await measureStuck(() => startFresh(runtime), clients);
      peak[runtime].push(stuck.peak);
      usual[runtime].push(stuck.median);
    }
  }
  await clients.child.stop();
  const row = (
    name: string,
    unit: string,
    values: Record<Runtime, number[]>,
    target: string,
  ): Row => {
    const [bun, node, ours] = [median(values.bun), median(values.node), median(values.ours)];
    const floors = { floor: bun, ...(values.node.length > 0 && { node }) };
    return { name, unit, ...floors, ours, target };
  };
  return [
    row(`one of ${IDLE} idle connections`, 'kB', idle, '≤ 1.25'),
    row('a stuck consumer, at the peak', 'MB', peak, '≤ 4 MB'),
    row('a stuck consumer, usually', 'MB', usual, '≤ 4 MB'),
  ];
}
