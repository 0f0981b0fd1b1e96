import { afterAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { DomainBusinessRuleError } from '@insightdesk/shared/errors';
import { openIsolatedDatabase, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { defineJob, type JobRequest } from '../definition/define-job.ts';
import type { JobRun } from '../queue/job-run.ts';
import type { Handler } from '../queue/run-job.ts';
import { createTestQueues, request } from '../testing/test-queues.ts';
import { createParkedJobReleaser } from './parked-job-releaser.ts';
import { createParkedJobs, type ParkedJobs } from './parked-jobs.ts';
import { type QueueQuota, readQueueUsage } from './queue-usage.ts';

const unlimited = { jobs: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
const quotas = new Map<string, QueueQuota>();
const quotaOf = (tenantId: Id<'org'>) => quotas.get(tenantId) ?? unlimited;
let parkedJobs: ParkedJobs;
const stage = createTestQueues({
  quotaOf,
  parkedJobs: { park: (requests) => parkedJobs.park(requests) },
});
const { valkey, queues, prefix, log, control, work } = stage;

const { database, admin, close } = await openIsolatedDatabase();
parkedJobs = createParkedJobs(database);
afterAll(async () => {
  await stage.close();
  await close();
});

const payload = z.object({ n: z.number(), text: z.string().optional() });
type Work = (input: z.infer<typeof payload>, run: JobRun) => Promise<unknown>;
const queueNames = ['maintenance', 'email-sending', 'calendar-sync', 'site-crawling'] as const;
const define = (name: string, queue: (typeof queueNames)[number] = 'maintenance', attempts = 3) =>
  defineJob({ name, queue, payload, backoffMs: 1, attempts });
const plain = define('plain');
const parent = define('parent', 'email-sending');
const child = define('child', 'calendar-sync');
const failing = define('failing', 'site-crawling', 1);

/** An organization with a quota, and requests of it. */
function openTenant(quota: Partial<QueueQuota>) {
  const tenantId = newId('org');
  quotas.set(tenantId, { ...unlimited, ...quota });
  const ask = (n: number, more: Partial<JobRequest> = {}, job: JobRequest['job'] = plain) =>
    request(job, { n }, { tenantId, ...more });
  const asks = (count: number, more: Partial<JobRequest> = {}) =>
    Array.from({ length: count }, (_, n) => ask(n, more));
  return { tenantId, ask, asks };
}

const inQueues = async (tenantId: Id<'org'>) =>
  (await readQueueUsage(valkey, tenantId, prefix)).jobs;
const bytesOf = async (tenantId: Id<'org'>) =>
  (await readQueueUsage(valkey, tenantId, prefix)).bytes;
const parkedCount = async (tenantId: Id<'org'>) =>
  (await parkedJobs.listOldest(tenantId, 1_000)).length;
const releaser = (times = {}) =>
  createParkedJobReleaser({
    valkey,
    queues,
    parkedJobs,
    quotaOf,
    log,
    prefix,
    isLeader: () => true,
    ...times,
  });
const countAll = async (tenantId: Id<'org'>) => {
  const keys = await valkey.keys(`${prefix}:*:${tenantId}~*`);
  return keys.filter((key) => key.split(':').length === 3).length;
};

/** Runs all jobs of an organization; returns what ran, in order. */
async function runAll(tenantId: Id<'org'>, count: number, concurrency = 1) {
  const ran: number[] = [];
  const handle = (job: typeof plain, run: Work): Handler => ({ job, run: run as Handler['run'] });
  const note: Work = async ({ n }, run) => {
    if (run.tenantId === tenantId) ran.push(n);
  };
  const workers = await work(
    {
      plain: handle(plain, note),
      child: handle(child, note),
      parent: handle(parent, async ({ n }, run) => {
        const many = Array.from({ length: 5 }, (_, i) => i);
        const cause = { tenantId: run.tenantId, requestId: 'r' };
        await run.enqueue(
          many.map((i) => ({
            ...cause,
            job: child,
            id: `${run.id}-${i}`,
            payload: { n: n * 5 + i },
          })),
        );
      }),
      failing: handle(failing, async ({ text }) => {
        throw new DomainBusinessRuleError(`No: ${text?.slice(0, 3)}`, { code: 'NO' });
      }),
    },
    concurrency,
  );
  const release = releaser();
  try {
    await until(async () => {
      await release.tick();
      const left = (await parkedCount(tenantId)) + (await inQueues(tenantId));
      return ran.length >= count && left === 0;
    });
  } finally {
    await workers.close();
  }
  return ran;
}

test('jobs over the quota are parked and run in order; other organizations are unaffected', async () => {
  const noisy = openTenant({ jobs: 10 });
  const other = openTenant({ jobs: 10 });
  const flood = noisy.asks(60);
  const quiet = other.asks(3);
  const system = request(plain, { n: 0 }, { tenantId: 'system' });
  await queues.enqueue([...flood.slice(0, 25), system, ...quiet]);
  // Enqueued again, as after a crash.
  await queues.enqueue(flood.slice(0, 25));
  for (let n = 25; n < 60; n += 5) await queues.enqueue(flood.slice(n, n + 5));
  expect([await inQueues(noisy.tenantId), await parkedCount(noisy.tenantId)]).toEqual([10, 50]);
  expect([await inQueues(other.tenantId), await parkedCount(other.tenantId)]).toEqual([3, 0]);
  expect(await countAll(noisy.tenantId)).toBe(10);
  expect(await queues.get('maintenance').getJob(`system~${system.id}`)).toBeDefined();
  const ran = await runAll(noisy.tenantId, 60);
  expect(ran).toEqual(Array.from({ length: 60 }, (_, n) => n));
  expect(await parkedCount(noisy.tenantId)).toBe(0);
  // The quota is free again.
  await queues.enqueue(noisy.asks(1));
  expect([await inQueues(noisy.tenantId), await parkedCount(noisy.tenantId)]).toEqual([1, 0]);
});

test('concurrent enqueues never exceed the quota', async () => {
  const { tenantId, asks } = openTenant({ jobs: 7 });
  await Promise.all(Array.from({ length: 10 }, () => queues.enqueue(asks(3))));
  expect([await inQueues(tenantId), await countAll(tenantId)]).toEqual([7, 7]);
  expect(await parkedCount(tenantId)).toBe(23);
});

test('bytes: Valkey holds at most the quota, and a job larger than the quota still runs', async () => {
  const quota = 400_000;
  const { tenantId, ask } = openTenant({ bytes: quota });
  const large = (n: number, length: number) => ask(n, { payload: { n, text: 'x'.repeat(length) } });
  const requests = Array.from({ length: 30 }, (_, n) => large(n, 30_000));
  await queues.enqueue([...requests, large(30, 3 * quota)]);
  expect(await bytesOf(tenantId)).toBeLessThanOrEqual(quota);
  expect(await inQueues(tenantId)).toBe(12);
  const ran = await runAll(tenantId, 31);
  expect(ran).toEqual(Array.from({ length: 31 }, (_, n) => n));
  // Ended jobs stay, without their payload if it is long.
  const done = await queues.get('maintenance').getJobs(['completed']);
  const payloads = done
    .filter(({ id }) => id?.startsWith(tenantId))
    .map(({ data }) => data.payload);
  expect(payloads).toEqual(Array(31).fill(null));
});

test('jobs that are due later use at most half of the quota', async () => {
  const { tenantId, asks } = openTenant({ jobs: 10 });
  await queues.enqueue(asks(20, { delayMs: 3_600_000 }));
  expect([await inQueues(tenantId), await parkedCount(tenantId)]).toEqual([5, 15]);
  const now = asks(8);
  await queues.enqueue(now);
  expect([await inQueues(tenantId), await parkedCount(tenantId)]).toEqual([10, 18]);
  await releaser().tick();
  const first = (await parkedJobs.listOldest(tenantId, 3)).map(({ request: { id } }) => id);
  expect(first).toEqual(now.slice(5).map(({ id }) => id));
  const delayed = await queues.get('maintenance').getJobs(['delayed']);
  expect(delayed.filter(({ id }) => id?.startsWith(tenantId)).length).toBe(5);
});

test('a job that enqueues others over the quota does not block: they are parked', async () => {
  const { tenantId, ask } = openTenant({ jobs: 3 });
  await queues.enqueue(Array.from({ length: 8 }, (_, n) => ask(n, {}, parent)));
  const ran = await runAll(tenantId, 40, 4);
  expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
});

test('a job and its dependencies are enqueued together, also after they were parked', async () => {
  const { tenantId, ask } = openTenant({ jobs: 2 });
  const graphs = Array.from({ length: 3 }, (_, n) => {
    const jobs = [ask(10 * n, {}, child), ask(10 * n + 1, {}, child)];
    return ask(10 * n + 2, { dependsOn: { jobs, onFailure: 'fail' } });
  });
  await queues.enqueue(graphs);
  expect([await inQueues(tenantId), await parkedCount(tenantId)]).toEqual([3, 2]);
  const ran = await runAll(tenantId, 9);
  for (const n of [0, 10, 20]) {
    for (const before of [n, n + 1]) expect(ran.indexOf(before)).toBeLessThan(ran.indexOf(n + 2));
  }
});

test('a release that was interrupted is repeated without effect; lost jobs are parked again', async () => {
  const { tenantId, asks } = openTenant({ jobs: 4 });
  const flood = asks(12);
  // The released jobs are not marked, as after a kill.
  await queues.enqueue(flood);
  const first = await parkedJobs.listOldest(tenantId, 100);
  quotas.set(tenantId, { ...unlimited, jobs: 8 });
  expect(await queues.releaseParked(tenantId, first)).toHaveLength(4);
  await Promise.all([releaser().tick(), releaser().tick()]);
  expect([await inQueues(tenantId), await parkedCount(tenantId)]).toEqual([8, 4]);
  expect(await countAll(tenantId)).toBe(8);
  // Valkey loses everything of the organization.
  for (const key of await valkey.keys(`${prefix}:*${tenantId}*`)) await valkey.del(key);
  for (const set of ['prioritized', 'wait']) await valkey.del(`${prefix}:maintenance:${set}`);
  await parkedJobs.parkAgain(new Date(0));
  await queues.enqueue(flood.slice(0, 4));
  const ran = await runAll(tenantId, 12);
  expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n));
});

test('the reconciler subtracts jobs that ended unreported at its second run, and no others', async () => {
  const { tenantId, asks } = openTenant({ jobs: 4 });
  const flood = asks(6);
  await queues.enqueue(flood);
  for (const { id } of flood.slice(0, 2))
    await queues.get('maintenance').remove(`${tenantId}~${id}`);
  const release = releaser({ idleMs: 5, busyMs: 5, reconcileMs: 5 });
  expect(await inQueues(tenantId)).toBe(4);
  release.start();
  await until(() => parkedCount(tenantId), { equals: 0 });
  await release.stop();
  expect([await inQueues(tenantId), await countAll(tenantId)]).toEqual([4, 4]);
});

test('failed jobs use at most half of the bytes: the oldest are removed, of this organization only', async () => {
  const quota = 200_000;
  const [own, other] = [openTenant({ bytes: quota }), openTenant({ bytes: quota })];
  const text = 'x'.repeat(20_000);
  const failedJobs = Array.from({ length: 12 }, (_, n) =>
    own.ask(n, { payload: { n, text } }, failing),
  );
  await queues.enqueue([other.ask(0, { payload: { n: 0, text } }, failing), ...failedJobs]);
  await runAll(own.tenantId, 0);
  await runAll(other.tenantId, 0);
  expect(await bytesOf(own.tenantId)).toBeLessThanOrEqual(quota / 2);
  const left = (await control.list(own.tenantId, { limit: 20 })).items;
  expect(left.map(({ state }) => state)).toEqual(Array(4).fill('failed'));
  expect(left.map(({ id }) => id).toSorted()).toEqual(
    failedJobs
      .slice(-4)
      .map(({ id }) => id)
      .toSorted(),
  );
  expect((await control.list(other.tenantId, { limit: 20 })).items).toHaveLength(1);
  // A failed job that is removed no longer counts.
  for (const { id } of left) await queues.get('site-crawling').remove(`${own.tenantId}~${id}`);
  const release = releaser({ idleMs: 5, reconcileMs: 5 });
  release.start();
  await until(() => bytesOf(own.tenantId), { equals: 0 });
  await release.stop();
  expect(await bytesOf(other.tenantId)).toBeGreaterThan(20_000);
});

test('tenant code counts its parked jobs but reads no requests; a deleted tenant parks none', async () => {
  const { tenantId, asks } = openTenant({ jobs: 0 });
  await queues.enqueue(asks(2));
  const count = 'select count(*)::int as n from parked_jobs where released_at is null';
  const read = (as: Id<'org'>, query: string) =>
    database.read({ tenantId: as }, (tx) => tx.execute(query));
  expect([...(await read(tenantId, count))]).toEqual([{ n: 2 }]);
  expect([...(await read(newId('org'), count))]).toEqual([{ n: 0 }]);
  await expect(read(tenantId, 'select request from parked_jobs')).rejects.toThrow();
  for (const change of ['delete from parked_jobs', 'update parked_jobs set released_at = now()']) {
    const write = database.write({ tenantId }, (tx) => tx.execute(change));
    await expect(write).rejects.toThrow();
  }
  const { tenantId: gone, asks: late } = openTenant({ jobs: 0 });
  await admin`insert into tenant_deletions (organization_id, requested_by) values (${toUuid(gone)}, 'x')`;
  await queues.enqueue(late(2));
  expect(await parkedCount(gone)).toBe(0);
});
