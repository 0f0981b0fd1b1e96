import type { Row } from './run.ts';
import { type Clients, startClients } from './sockets/clients-process.ts';
import { type Side, startBare } from './sockets/contender.ts';
import { type OurSide, startOurs } from './sockets/our-contender.ts';
import { cpuMs, median, p99 } from './sockets/statistics.ts';
import { readStack } from './stack.ts';

const CLIENTS = 100;
const BURST = 2_000;
const SINGLE_EVENTS = 60;
const NEW_CONNECTIONS = 1_000;
const CONCURRENT_CONNECTS = 200;
const ROUNDS = 5;
const STORMS = 3;
const ORGANIZATIONS = 10;

/** Values by metric: one per round or per event. */
type Samples = Map<string, number[]>;

interface Contender {
  side: Side;
  samples: Samples;
}

const add = (samples: Samples, name: string, ...values: number[]) =>
  samples.set(name, [...(samples.get(name) ?? []), ...values]);

/** Publishes a burst to all clients. Measures deliveries per second, and CPU time per delivery of replica and clients. */
async function measureBurst(
  { side, samples }: Contender,
  clients: Clients,
  { names, publish }: { names: string[]; publish: () => Promise<number> },
) {
  const deliveries = BURST * CLIENTS;
  const cpuOf = () => [cpuMs(side.pid()), cpuMs(clients.child.pid)] as const;
  const [server, client] = cpuOf();
  const { startedAt, receivedAt } = await clients.measureArrivals(
    `${side.name} many`,
    deliveries,
    publish,
  );
  await Bun.sleep(50);
  const [serverAfter, clientAfter] = cpuOf();
  for (const name of names) {
    add(samples, `${name} rate`, deliveries / (((receivedAt.at(-1) ?? 0) - startedAt) / 1_000));
    add(samples, `${name} cpu`, ((serverAfter - server) / deliveries) * 1_000);
  }
  add(samples, 'client cpu', ((clientAfter - client) / deliveries) * 1_000);
}

/** Publishes single events. Measures the latency of each client. */
async function measureSingles(
  { side, samples }: Contender,
  clients: Clients,
  { name, size, channel }: Group,
  [metric, publish]: [string, (channel: string) => Promise<number>],
) {
  for (let n = 0; n < SINGLE_EVENTS; n++) {
    const { startedAt, receivedAt } = await clients.measureArrivals(
      `${side.name} ${name}`,
      size,
      () => publish(channel),
    );
    add(samples, metric, ...receivedAt.map((time) => time - startedAt));
    await Bun.sleep(3);
  }
}

interface Group {
  name: string;
  size: number;
  channel: string;
}

const groupsOf = (side: Side): [Group, Group] => {
  const [first, second] = side.targets();
  return [
    { name: 'many', size: CLIENTS, channel: first?.channel ?? '' },
    { name: 'one', size: 1, channel: second?.channel ?? '' },
  ];
};

async function connectClients({ side }: Contender, clients: Clients) {
  for (const { name, size, channel } of groupsOf(side)) {
    const targets = side.targets().filter((target) => target.channel === channel);
    await clients.connect(`${side.name} ${name}`, targets, size);
  }
}

async function measureRound(contender: Contender, clients: Clients, ours: OurSide) {
  const { side } = contender;
  const [many, one] = groupsOf(side);
  const publish = () => side.publish(many.channel, BURST);
  const bursts =
    side === ours
      ? [
          { names: ['outbox'], publish },
          { names: ['log'], publish: () => ours.append(many.channel, BURST) },
        ]
      : Array.from({ length: 2 }, () => ({ names: ['outbox', 'log'], publish }));
  for (const burst of bursts) await measureBurst(contender, clients, burst);
  const commit = (channel: string) => side.publish(channel, 1);
  const whole = side === ours ? ours.publishInTransaction : commit;
  await measureSingles(contender, clients, one, ['one', commit]);
  await measureSingles(contender, clients, one, ['whole', whole]);
  await measureSingles(contender, clients, many, ['many', commit]);
}

/** Many clients connect, authenticate and subscribe at the same time. */
async function measureStorm({ side, samples }: Contender, clients: Clients) {
  const before = cpuMs(side.pid());
  const tookMs = await clients.connect(
    'storm',
    side.targets(),
    NEW_CONNECTIONS,
    CONCURRENT_CONNECTS,
  );
  add(samples, 'storm cpu', (cpuMs(side.pid()) - before) / NEW_CONNECTIONS);
  add(samples, 'storm', NEW_CONNECTIONS / (tookMs / 1_000));
  await clients.close('storm');
  await Bun.sleep(500);
}

/** Measures the sides alternately, so that other load affects all of them; the first round is a warm-up. */
async function alternate(
  contenders: Contender[],
  rounds: number,
  measureOne: (contender: Contender) => Promise<void>,
) {
  for (let round = 0; round <= rounds; round++) {
    for (const contender of round % 2 ? contenders : contenders.toReversed()) {
      await measureOne(contender);
      if (round === 0) contender.samples.clear();
    }
  }
}

/** Fan-out, latency and connect storm, compared with Socket.IO and its Redis adapter on Bun and Node. */
export default async function measure(): Promise<Row[]> {
  const clients = await startClients();
  const ours = await startOurs(ORGANIZATIONS);
  const channels = ours.targets().map(({ channel }) => channel);
  const { valkey } = readStack();
  const bare = { valkey, channels };
  const sides = [await startBare('bun', bare), await startBare('node', bare), ours];
  const contenders = sides.map((side): Contender => ({ side, samples: new Map() }));
  for (const contender of contenders) await connectClients(contender, clients);
  await alternate(contenders, ROUNDS, (contender) => measureRound(contender, clients, ours));
  const metrics = contenders.map(({ samples }) => new Map(samples));
  for (const { samples } of contenders) samples.clear();
  await alternate(contenders, STORMS, (contender) => measureStorm(contender, clients));
  const [bun = new Map(), node = new Map(), our = new Map()] = metrics.map(
    (metric, i) => new Map([...metric, ...(contenders[i]?.samples ?? [])]),
  );
  for (const side of sides) await side.stop();
  await clients.child.stop();

  const row = (
    name: string,
    unit: string,
    [key, statistic, target]: [string, (values: number[]) => number, string?],
  ): Row => {
    const metric = (samples: Samples) => statistic(samples.get(key) ?? []);
    const floors = { floor: metric(bun), node: metric(node) };
    return { name, unit, ours: metric(our), ...floors, ...(target && { target }) };
  };
  const rate = 'deliveries/s';
  return [
    row(`fan-out to ${CLIENTS}, from the outbox`, rate, ['outbox rate', median, '≥ 1.0']),
    row(`fan-out to ${CLIENTS}, from the log`, rate, ['log rate', median]),
    row('replica, per delivery from the outbox', 'µs CPU', ['outbox cpu', median]),
    row('replica, per delivery from the log', 'µs CPU', ['log cpu', median]),
    row('clients, per delivery', 'µs CPU', ['client cpu', median]),
    row('commit to one client, p50', 'ms', ['one', median, '< 3']),
    row('commit to one client, p99', 'ms', ['one', p99]),
    row('transaction start to one client, p50', 'ms', ['whole', median]),
    row(`commit to ${CLIENTS} clients, p50`, 'ms', ['many', median, '< 3']),
    row(`commit to ${CLIENTS} clients, p99`, 'ms', ['many', p99]),
    row(`connect storm of ${NEW_CONNECTIONS}`, 'connects/s', ['storm', median]),
    row('replica, per new connection', 'ms CPU', ['storm cpu', median]),
  ];
}
