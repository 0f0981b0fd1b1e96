import { loadavg } from 'node:os';
import type { Id } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { type Side, startBare, startOurs } from './jobs/contender.ts';
import { openOutbox } from './jobs/outbox.ts';
import type { Row } from './run.ts';
import { median, p99 } from './sockets/statistics.ts';
import { readStack } from './stack.ts';

const JOBS = 5_000;
const BATCH = 200;
const CONCURRENCY = 50;
const ROUNDS = 5;
const SINGLES = 100;
/** So many that the 99th percentile is not the worst of them. */
const WAITS = 500;
const FLOOD = 100_000;
const SLOW_MS = 5;
const SLOTS = 10;

const tenants = Array.from({ length: 10 }, () => newId('org'));
const tenantOf = (n: number) => tenants[n % tenants.length] as Id<'org'>;

interface Samples {
  rate: number[];
  cpu: number[];
  latency: number[];
}
const noSamples = (): Samples => ({ rate: [], cpu: [], latency: [] });

/** Jobs in batches, run as they come: how many per second, and what one costs this process. */
async function measureBurst(side: Side, { rate, cpu }: Samples) {
  const done = Promise.withResolvers<void>();
  let count = 0;
  side.onStart = () => {
    if (++count === JOBS) done.resolve();
  };
  const before = process.cpuUsage();
  const startedAt = performance.now();
  for (let n = 0; n < JOBS; n += BATCH) {
    const labels = Array.from({ length: BATCH }, (_, i) => `${n + i}`);
    await side.enqueue(tenantOf(n / BATCH), labels);
  }
  await done.promise;
  rate.push(JOBS / ((performance.now() - startedAt) / 1_000));
  const { user, system } = process.cpuUsage(before);
  cpu.push((user + system) / JOBS);
}

/** From `ask`, which tells when, to the start of its job. */
async function waitOf(side: Side, label: string, ask: () => Promise<number>): Promise<number> {
  const started = Promise.withResolvers<number>();
  const before = side.onStart;
  side.onStart = (found) => {
    if (found === label) started.resolve(performance.now());
    return before(found);
  };
  const [askedAt, startedAt] = await Promise.all([ask(), started.promise]);
  side.onStart = before;
  return startedAt - askedAt;
}

const enqueueOne = (side: Side, tenantId: Id<'org'>, label: string) => () => {
  const askedAt = performance.now();
  return side.enqueue(tenantId, [label]).then(() => askedAt);
};

async function measureThroughput(url: string, postgres: string) {
  const [bare, ours] = [await startBare(url, CONCURRENCY), await startOurs(url, CONCURRENCY)];
  const outbox = await openOutbox(postgres, ours.queues);
  const contenders = [
    { side: bare as Side, samples: noSamples() },
    { side: ours as Side, samples: noSamples() },
  ];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const contender of round % 2 ? contenders : contenders.toReversed()) {
      const { side } = contender;
      if (round === 1) contender.samples = noSamples();
      await measureBurst(side, contender.samples);
      side.onStart = () => {};
      for (let n = 0; n < SINGLES / ROUNDS; n++) {
        const label = `${round}-${n}`;
        const ask = side === ours ? () => outbox.ask(label) : enqueueOne(side, tenantOf(n), label);
        contender.samples.latency.push(await waitOf(side, label, ask));
        await Bun.sleep(5);
      }
    }
  }
  await outbox.close();
  for (const { side } of contenders) await side.close();
  return contenders.map(({ samples }) => samples) as [Samples, Samples];
}

/** How long an organisation waits, alone and beside one that has flooded the queue. */
async function measureFairness(url: string) {
  const side = await startOurs(url, SLOTS);
  const [flooding, waiting] = [newId('org'), newId('org')];
  side.onStart = () => Bun.sleep(SLOW_MS);
  const measure = async (name: string) => {
    const waits: number[] = [];
    for (let n = 0; n < WAITS; n++) {
      const label = `${name}-${n}`;
      waits.push(await waitOf(side, label, enqueueOne(side, waiting, label)));
      await Bun.sleep(20);
    }
    return waits;
  };
  await measure('warming up');
  const alone = await measure('alone');
  for (let n = 0; n < FLOOD; n += 1_000) {
    await side.enqueue(
      flooding,
      Array.from({ length: 1_000 }, () => 'flood'),
    );
  }
  const beside = await measure('beside');
  const { prioritized = 0 } = await side.queues.get('email-sending').getJobCounts('prioritized');
  console.log(`jobs: ${prioritized} of the flood still wait; load ${loadavg()[0]?.toFixed(1)}`);
  await side.close();
  return { alone, beside };
}

/** Jobs beside bare BullMQ in the same process, and one organisation beside another's flood. */
export default async function measure(): Promise<Row[]> {
  const { valkey, postgres } = readStack();
  console.log(`jobs: load ${loadavg()[0]?.toFixed(1)}`);
  const [bare, ours] = await measureThroughput(valkey, postgres);
  const { alone, beside } = await measureFairness(valkey);
  const row = (name: string, unit: string, of: (samples: Samples) => number, target?: string) => ({
    name,
    unit,
    floor: of(bare),
    ours: of(ours),
    ...(target && { target }),
  });
  return [
    row('enqueued and run', 'jobs/s', ({ rate }) => median(rate), '≥ 0.85'),
    row('enqueued and run', 'µs CPU per job', ({ cpu }) => median(cpu)),
    row('commit or add to start, p50', 'ms', ({ latency }) => median(latency)),
    row('commit or add to start, p99', 'ms', ({ latency }) => p99(latency)),
    ...([median, p99] as const).map((of, i) => ({
      name: `wait beside a flood of ${FLOOD}, ${i === 0 ? 'p50' : 'p99'}; floor: alone`,
      unit: 'ms',
      floor: of(alone),
      ours: of(beside),
      target: '≤ 2',
    })),
  ];
}
