import { afterAll, expect, test } from 'bun:test';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { defineJob, type JobRequest, type QueueName } from '../definition/define-job.ts';
import { JobPriority } from '../definition/priority.ts';
import { createTestQueues, request } from '../testing/test-queues.ts';

const { queues, work, close, control, log } = createTestQueues();
afterAll(close);

const mark = (queue: QueueName) =>
  defineJob({ name: `mark.${queue}`, queue, payload: z.object({ label: z.string() }) });

/** Runs the enqueued jobs one by one; returns their labels in that order. */
async function orderOf(job: ReturnType<typeof mark>, count: number): Promise<string[]> {
  const order: string[] = [];
  const run = async ({ label }: { label: string }) => void order.push(label);
  const workers = await work({ [job.name]: { job, run } });
  await until(() => order.length === count);
  await workers.close();
  return order;
}

const many = (count: number, make: (n: number) => JobRequest) =>
  Array.from({ length: count }, (_, n) => make(n));

test('a job enqueued behind a flood of another organization runs next, the rest alternate', async () => {
  const job = mark('maintenance');
  const [a, b] = [newId('org'), newId('org')];
  await queues.enqueue(many(2_000, (n) => request(job, { label: `a${n}` }, { tenantId: a })));
  await queues.enqueue(many(5, (n) => request(job, { label: `b${n}` }, { tenantId: b })));
  const order = await orderOf(job, 2_005);
  const positions = many(5, () => request(job, {})).map((_, n) => order.indexOf(`b${n}`));
  expect(positions[0]).toBeLessThanOrEqual(1);
  for (const [n, position] of positions.entries()) expect(position).toBeLessThanOrEqual(2 * n + 2);
  const own = order.filter((label) => label.startsWith('a'));
  expect(own).toEqual(many(2_000, () => request(job, {})).map((_, n) => `a${n}`));
});

test('an urgent job overtakes jobs of its own organization only', async () => {
  const job = mark('calendar-sync');
  const [a, b] = [newId('org'), newId('org')];
  await queues.enqueue(many(300, (n) => request(job, { label: `slow${n}` }, { tenantId: a })));
  await queues.enqueue(
    many(300, (n) =>
      request(job, { label: `urgent${n}` }, { tenantId: a, priority: JobPriority.URGENT }),
    ),
  );
  await queues.enqueue(many(100, (n) => request(job, { label: `b${n}` }, { tenantId: b })));
  const order = await orderOf(job, 700);
  expect(order.indexOf('urgent0')).toBeLessThanOrEqual(1);
  const first = order.slice(0, 100);
  const countOf = (prefix: string) => first.filter((label) => label.startsWith(prefix)).length;
  expect(countOf('urgent')).toBeGreaterThanOrEqual(30);
  expect(countOf('b')).toBeGreaterThanOrEqual(30);
});

test('each priority gets its share of the turns of an organization', async () => {
  const job = mark('media-processing');
  const tenantId = newId('org');
  const { NORMAL, MEDIUM, CRITICAL } = JobPriority;
  const all = [NORMAL, MEDIUM, CRITICAL].flatMap((priority) =>
    many(60, () => request(job, { label: `${priority}` }, { tenantId, priority })),
  );
  await queues.enqueue(all);
  const first = (await orderOf(job, 180)).slice(0, 60);
  const [normal = 0, medium = 0, critical = 0] = [NORMAL, MEDIUM, CRITICAL].map(
    (priority) => first.filter((label) => label === `${priority}`).length,
  );
  expect(normal).toBeGreaterThan(0);
  expect(medium).toBeGreaterThan(normal);
  expect(critical).toBeGreaterThan(medium);
});

test('delayed jobs that come due together do not overtake others', async () => {
  const job = mark('site-crawling');
  const [a, b] = [newId('org'), newId('org')];
  await queues.enqueue(
    many(500, (n) => request(job, { label: `a${n}` }, { tenantId: a, delayMs: 50 })),
  );
  await Bun.sleep(100);
  await queues.enqueue(many(3, (n) => request(job, { label: `b${n}` }, { tenantId: b })));
  const order = await orderOf(job, 503);
  // Until the first job runs, nothing notices that the delayed ones are due; then turns are assigned.
  expect(order.indexOf('b2')).toBeLessThan(450);
});

test('the reserved slot runs jobs of organizations without a running job', async () => {
  const job = mark('voice-processing');
  const [a, b, c] = [newId('org'), newId('org'), newId('org')];
  const running = new Set<string>();
  const released = Promise.withResolvers<void>();
  const workers = await work(
    {
      [job.name]: {
        job,
        async run({ label }: { label: string }) {
          running.add(label);
          if (label.startsWith('a')) await released.promise;
        },
      },
    },
    2,
  );
  await queues.enqueue(many(50, (n) => request(job, { label: `a${n}` }, { tenantId: a })));
  await until(() => running.has('a0'));
  for (const [label, tenantId] of Object.entries({ b, c })) {
    await queues.enqueue([request(job, { label }, { tenantId })]);
    await until(() => running.has(label));
  }
  expect([...running]).toEqual(['a0', 'b', 'c']);
  released.resolve();
  await until(() => running.size, { equals: 52 });
  await workers.close();
});

test('concurrencyOf: long jobs of three organizations run one at a time and delay no other queue', async () => {
  const [long, short] = [mark('media-conversion'), mark('media-processing')];
  const ends = Promise.withResolvers<void>();
  const started: string[] = [];
  let runningCount = 0;
  let maxRunning = 0;
  const handlers = {
    [long.name]: {
      job: long,
      async run({ label }: { label: string }) {
        started.push(label);
        maxRunning = Math.max(maxRunning, ++runningCount);
        await ends.promise;
        runningCount--;
      },
    },
    [short.name]: { job: short, run: async ({ label }: { label: string }) => started.push(label) },
  };
  const workers = await work(handlers, 10, log, { 'media-conversion': 1 });
  for (const tenantId of many(3, () => request(long, {})).map((one) => one.tenantId)) {
    await queues.enqueue(many(2, () => request(long, { label: 'long' }, { tenantId })));
  }
  await until(() => started.length, { equals: 1 });
  await queues.enqueue([request(short, { label: 'short' })]);
  await until(() => started, { equals: ['long', 'short'] });
  ends.resolve();
  await until(() => started.length, { equals: 7 });
  expect(maxRunning).toBe(1);
  await workers.close();
});

test('organizationShare: jobs of an organization leave slots free, also while they never end', async () => {
  const job = { ...mark('analytics-aggregation'), organizationShare: 0.5 };
  const [a, b] = [newId('org'), newId('org')];
  const running = new Set<string>();
  const ends = Promise.withResolvers<void>();
  const run = async ({ label }: { label: string }) => {
    running.add(label);
    if (label.startsWith('a')) await ends.promise;
  };
  const workers = [await work({ [job.name]: { job, run } }, 4)];
  await queues.enqueue(many(40, (n) => request(job, { label: `a${n}` }, { tenantId: a })));
  await until(() => running.size, { equals: 2 });
  // Delayed jobs need a free slot: nothing else notices that they are due.
  for (const label of ['b0', 'b1']) {
    await queues.enqueue([request(job, { label }, { tenantId: b, delayMs: 20 })]);
    await until(() => running.has(label));
  }
  // Also over several workers.
  workers.push(await work({ [job.name]: { job, run } }, 4));
  await queues.enqueue([request(job, { label: 'b2' }, { tenantId: b })]);
  await until(() => running.has('b2'));
  expect([...running].filter((label) => label.startsWith('a'))).toHaveLength(2);
  ends.resolve();
  await until(() => running.size, { equals: 43 });
  for (const worker of workers) await worker.close();
});

test('enqueue: an id is accepted once, also after its turn was assigned', async () => {
  const job = mark('ai-processing');
  const one = request(job, { label: 'once' });
  await queues.enqueue([one, one]);
  await queues.enqueue([one]);
  const { waiting } = (await control.getStats())['ai-processing'];
  expect(waiting).toBe(1);
  expect(await orderOf(job, 1)).toEqual(['once']);
  await queues.enqueue([one]);
  expect((await control.getStats())['ai-processing'].waiting).toBe(0);
});
