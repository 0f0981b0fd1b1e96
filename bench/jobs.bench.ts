import { loadavg } from 'node:os';
import type { Id } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { type Side, startBare, startOurs } from './jobs/contender.ts';
import { createBenchOutbox } from './jobs/outbox.ts';
import type { Row } from './run.ts';
import { median, p99 } from './sockets/statistics.ts';
import { readStack } from './stack.ts';

const JOBS = 5_000;
const BATCH = 200;
const CONCURRENCY = 50;
const ROUNDS = 5;
const SINGLE_JOBS = 100;
/** Enough samples, so that the 99th percentile is not the maximum. */
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
const emptySamples = (): Samples => ({ rate: [], cpu: [], latency: [] });

/** Enqueues jobs in batches while they run. Measures jobs per second and CPU time per job of this process. */
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

/** The time from `enqueue`, which returns its start, to the start of the job. */
async function measureWait(
  side: Side,
  label: string,
  enqueue: () => Promise<number>,
): Promise<number> {
  const started = Promise.withResolvers<number>();
  const before = side.onStart;
  side.onStart = (startedLabel) => {
    if (startedLabel === label) started.resolve(performance.now());
    return before(startedLabel);
  };
  const [enqueuedAt, startedAt] = await Promise.all([enqueue(), started.promise]);
  side.onStart = before;
  return startedAt - enqueuedAt;
}

const enqueueOne = (side: Side, tenantId: Id<'org'>, label: string) => () => {
  const enqueuedAt = performance.now();
  return side.enqueue(tenantId, [label]).then(() => enqueuedAt);
};

async function measureThroughput(url: string, postgres: string) {
  const [bare, ours] = [await startBare(url, CONCURRENCY), await startOurs(url, CONCURRENCY)];
  const outbox = await createBenchOutbox(postgres, ours.queues);
  const contenders = [
    { side: bare as Side, samples: emptySamples() },
    { side: ours as Side, samples: emptySamples() },
  ];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const contender of round % 2 ? contenders : contenders.toReversed()) {
      const { side } = contender;
      if (round === 1) contender.samples = emptySamples();
      await measureBurst(side, contender.samples);
      side.onStart = () => {};
      for (let n = 0; n < SINGLE_JOBS / ROUNDS; n++) {
        const label = `${round}-${n}`;
        const enqueue =
          side === ours ? () => outbox.recordEvent(label) : enqueueOne(side, tenantOf(n), label);
        contender.samples.latency.push(await measureWait(side, label, enqueue));
        await Bun.sleep(5);
      }
    }
  }
  await outbox.close();
  for (const { side } of contenders) await side.close();
  return contenders.map(({ samples }) => samples) as [Samples, Samples];
}

/** The wait of the jobs of an organization, alone and while another one floods the queue. */
async function measureFairness(url: string) {
  const side = await startOurs(url, SLOTS);
  const [flooding, waiting] = [newId('org'), newId('org')];
  side.onStart = () => Bun.sleep(SLOW_MS);
  const measure = async (name: string) => {
    const waits: number[] = [];
    for (let n = 0; n < WAITS; n++) {
      const label = `${name}-${n}`;
      waits.push(await measureWait(side, label, enqueueOne(side, waiting, label)));
      await Bun.sleep(20);
    }
    return waits;
  };
  await measure('warm-up');
  const alone = await measure('alone');
  for (let n = 0; n < FLOOD; n += 1_000) {
    await side.enqueue(
      flooding,
      Array.from({ length: 1_000 }, () => 'flood'),
    );
  }
  const beside = await measure('beside');
  const { prioritized = 0 } = await side.queues.get('email-sending').getJobCounts('prioritized');
  console.log(
    `jobs: ${prioritized} jobs of the flood are waiting; load ${loadavg()[0]?.toFixed(1)}`,
  );
  await side.close();
  return { alone, beside };
}

/** Jobs, compared with plain BullMQ in the same process; and waits beside the flood of another organization. */
export default async function measure(): Promise<Row[]> {
  const { valkey, postgres } = readStack();
  console.log(`jobs: load ${loadavg()[0]?.toFixed(1)}`);
  const [bare, ours] = await measureThroughput(valkey, postgres);
  const { alone, beside } = await measureFairness(valkey);
  const row = (
    name: string,
    unit: string,
    statistic: (samples: Samples) => number,
    target?: string,
  ) => ({
    name,
    unit,
    floor: statistic(bare),
    ours: statistic(ours),
    ...(target && { target }),
  });
  return [
    row('enqueued and run', 'jobs/s', ({ rate }) => median(rate), '≥ 0.85'),
    row('enqueued and run', 'µs CPU per job', ({ cpu }) => median(cpu)),
    row('commit or add to start, p50', 'ms', ({ latency }) => median(latency)),
    row('commit or add to start, p99', 'ms', ({ latency }) => p99(latency)),
    ...([median, p99] as const).map((statistic, i) => ({
      name: `wait beside a flood of ${FLOOD}, ${i === 0 ? 'p50' : 'p99'}; floor: alone`,
      unit: 'ms',
      floor: statistic(alone),
      ours: statistic(beside),
      target: '≤ 2',
    })),
  ];
}
