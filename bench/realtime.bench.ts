import type { Row } from './run.ts';
import { type Clients, startClients } from './sockets/clients-process.ts';
import { type Side, startBare } from './sockets/contender.ts';
import { type OurSide, startOurs } from './sockets/our-contender.ts';
import { cpuMs, median, p99 } from './sockets/statistics.ts';
import { readStack } from './stack.ts';

const CLIENTS = 100;
const BURST = 2_000;
const SINGLES = 60;
const NEW_CONNECTIONS = 1_000;
const AT_ONCE = 200;
const ROUNDS = 5;
const STORMS = 3;
const ORGANIZATIONS = 10;

/** Figures by name, one value per round or per event. */
type Samples = Map<string, number[]>;

interface Contender {
  side: Side;
  samples: Samples;
}

const add = (samples: Samples, name: string, ...values: number[]) =>
  samples.set(name, [...(samples.get(name) ?? []), ...values]);

/** A burst to all clients: deliveries per second, and what one costs the replica and the clients. */
async function measureBurst(
  { side, samples }: Contender,
  clients: Clients,
  { names, publish }: { names: string[]; publish: () => Promise<number> },
) {
  const deliveries = BURST * CLIENTS;
  const cpuOf = () => [cpuMs(side.pid()), cpuMs(clients.child.pid)] as const;
  const [server, client] = cpuOf();
  const { startedAt, at } = await clients.arrivals(`${side.name} many`, deliveries, publish);
  await Bun.sleep(50);
  const [serverAfter, clientAfter] = cpuOf();
  for (const name of names) {
    add(samples, `${name} rate`, deliveries / (((at.at(-1) ?? 0) - startedAt) / 1_000));
    add(samples, `${name} cpu`, ((serverAfter - server) / deliveries) * 1_000);
  }
  add(samples, 'client cpu', ((clientAfter - client) / deliveries) * 1_000);
}

/** Events one by one: how late each client hears of them. */
async function measureSingles(
  { side, samples }: Contender,
  clients: Clients,
  { name, size, channel }: Group,
  [metric, publish]: [string, (channel: string) => Promise<number>],
) {
  for (let n = 0; n < SINGLES; n++) {
    const { startedAt, at } = await clients.arrivals(`${side.name} ${name}`, size, () =>
      publish(channel),
    );
    add(samples, metric, ...at.map((connectStorm) => connectStorm - startedAt));
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

async function enter({ side }: Contender, clients: Clients) {
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
  const whole = side === ours ? ours.transact : commit;
  await measureSingles(contender, clients, one, ['one', commit]);
  await measureSingles(contender, clients, one, ['whole', whole]);
  await measureSingles(contender, clients, many, ['many', commit]);
}

/** Many connect, authenticate and subscribe at once. */
async function measureStorm({ side, samples }: Contender, clients: Clients) {
  const before = cpuMs(side.pid());
  const tookMs = await clients.connect('storm', side.targets(), NEW_CONNECTIONS, AT_ONCE);
  add(samples, 'storm cpu', (cpuMs(side.pid()) - before) / NEW_CONNECTIONS);
  add(samples, 'storm', NEW_CONNECTIONS / (tookMs / 1_000));
  await clients.close('storm');
  await Bun.sleep(500);
}

/** Rounds in turn, so that what else the machine does falls on every side; the first is for warming up. */
async function inTurn(
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

/** Fan-out, latency and connect storm beside bare Socket.IO with its Redis adapter on Bun and Node. */
export default async function measure(): Promise<Row[]> {
  const clients = await startClients();
  const ours = await startOurs(ORGANIZATIONS);
  const channels = ours.targets().map(({ channel }) => channel);
  const { valkey } = readStack();
  const bare = { valkey, channels };
  const sides = [await startBare('bun', bare), await startBare('node', bare), ours];
  const contenders = sides.map((side): Contender => ({ side, samples: new Map() }));
  for (const contender of contenders) await enter(contender, clients);
  await inTurn(contenders, ROUNDS, (contender) => measureRound(contender, clients, ours));
  const metrics = contenders.map(({ samples }) => new Map(samples));
  for (const { samples } of contenders) samples.clear();
  await inTurn(contenders, STORMS, (contender) => measureStorm(contender, clients));
  const [bun = new Map(), node = new Map(), our = new Map()] = metrics.map(
    (metric, i) => new Map([...metric, ...(contenders[i]?.samples ?? [])]),
  );
  for (const side of sides) await side.stop();
  await clients.child.stop();

  const row = (
    name: string,
    unit: string,
    [key, of, target]: [string, (values: number[]) => number, string?],
  ): Row => {
    const metric = (samples: Samples) => of(samples.get(key) ?? []);
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
    row('its transaction to one client, p50', 'ms', ['whole', median]),
    row(`commit to ${CLIENTS} clients, p50`, 'ms', ['many', median, '< 3']),
    row(`commit to ${CLIENTS} clients, p99`, 'ms', ['many', p99]),
    row(`connect storm of ${NEW_CONNECTIONS}`, 'connects/s', ['storm', median]),
    row('replica, per new connection', 'ms CPU', ['storm cpu', median]),
  ];
}
