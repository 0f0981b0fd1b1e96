import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect, createDatabase, type Database } from '@insightdesk/shared/database';
import { DomainBusinessRuleError } from '@insightdesk/shared/errors';
import { createTestDatabase, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { defineJob, type JobRequest } from './define-job.ts';
import { createHeldJobs, type HeldJobs } from './held-jobs.ts';
import { type JobRoom, readJobLoad } from './job-load.ts';
import { createHeldRelease } from './release-held.ts';
import type { Handler, JobRun } from './run-job.ts';
import { createJobStage, request } from './test-jobs.ts';

const endless = { jobs: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
const rooms = new Map<string, JobRoom>();
const roomOf = (tenantId: Id<'org'>) => rooms.get(tenantId) ?? endless;
let held: HeldJobs;
const stage = createJobStage({ roomOf, held: { hold: (requests) => held.hold(requests) } });
const { valkey, queues, prefix, log, control, work } = stage;

let server: Awaited<ReturnType<typeof createTestDatabase>>;
let database: Database;
let admin: ReturnType<typeof connect>;
beforeAll(async () => {
  server = await createTestDatabase();
  const limits = { poolMin: 1, poolMax: 4, timeoutMs: 10_000, slowQueryMs: 10_000 };
  database = createDatabase({ ...server, ...limits });
  admin = connect(server.adminUrl, { timeoutMs: 10_000 });
  held = createHeldJobs(database);
});
afterAll(async () => {
  await stage.close();
  await Promise.all([database.close(), admin.end()]);
  await server.drop();
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

/** An organisation with so much room, and requests of it. */
function open(room: Partial<JobRoom>) {
  const tenantId = newId('org');
  rooms.set(tenantId, { ...endless, ...room });
  const ask = (n: number, more: Partial<JobRequest> = {}, job: JobRequest['job'] = plain) =>
    request(job, { n }, { tenantId, ...more });
  const asks = (count: number, more: Partial<JobRequest> = {}) =>
    Array.from({ length: count }, (_, n) => ask(n, more));
  return { tenantId, ask, asks };
}

const inQueues = async (tenantId: Id<'org'>) => (await readJobLoad(valkey, tenantId, prefix)).jobs;
const bytesOf = async (tenantId: Id<'org'>) => (await readJobLoad(valkey, tenantId, prefix)).bytes;
const waiting = async (tenantId: Id<'org'>) => (await held.oldest(tenantId, 1_000)).length;
const releaser = () =>
  createHeldRelease({ valkey, queues, held, roomOf, log, prefix, isLeader: () => true });
const countAll = async (tenantId: Id<'org'>) => {
  const keys = await valkey.keys(`${prefix}:*:${tenantId}~*`);
  return keys.filter((key) => key.split(':').length === 3).length;
};

/** Runs what there is until all of it has ended; what ran, in its order. */
async function workOff(tenantId: Id<'org'>, count: number, concurrency = 1) {
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
      const left = (await waiting(tenantId)) + (await inQueues(tenantId));
      return ran.length >= count && left === 0;
    });
  } finally {
    await workers.close();
  }
  return ran;
}

test('what is too much waits in the database, and comes in its order; nobody else notices', async () => {
  const noisy = open({ jobs: 10 });
  const other = open({ jobs: 10 });
  const flood = noisy.asks(60);
  const quiet = other.asks(3);
  const system = request(plain, { n: 0 }, { tenantId: 'system' });
  await queues.enqueue([...flood.slice(0, 25), system, ...quiet]);
  // Asked for again, as after a crash.
  await queues.enqueue(flood.slice(0, 25));
  for (let n = 25; n < 60; n += 5) await queues.enqueue(flood.slice(n, n + 5));
  expect([await inQueues(noisy.tenantId), await waiting(noisy.tenantId)]).toEqual([10, 50]);
  expect([await inQueues(other.tenantId), await waiting(other.tenantId)]).toEqual([3, 0]);
  expect(await countAll(noisy.tenantId)).toBe(10);
  expect(await queues.get('maintenance').getJob(`system~${system.id}`)).toBeDefined();
  const ran = await workOff(noisy.tenantId, 60);
  expect(ran).toEqual(Array.from({ length: 60 }, (_, n) => n));
  expect(await waiting(noisy.tenantId)).toBe(0);
  // Its next job finds room at once.
  await queues.enqueue(noisy.asks(1));
  expect([await inQueues(noisy.tenantId), await waiting(noisy.tenantId)]).toEqual([1, 0]);
});

test('many at once: exactly so many come in', async () => {
  const { tenantId, asks } = open({ jobs: 7 });
  await Promise.all(Array.from({ length: 10 }, () => queues.enqueue(asks(3))));
  expect([await inQueues(tenantId), await countAll(tenantId)]).toEqual([7, 7]);
  expect(await waiting(tenantId)).toBe(23);
});

test('bytes: what Valkey holds is bounded, and what alone is too large runs all the same', async () => {
  const room = 400_000;
  const { tenantId, ask } = open({ bytes: room });
  const large = (n: number, length: number) => ask(n, { payload: { n, text: 'x'.repeat(length) } });
  const requests = Array.from({ length: 30 }, (_, n) => large(n, 30_000));
  await queues.enqueue([...requests, large(30, 3 * room)]);
  expect(await bytesOf(tenantId)).toBeLessThanOrEqual(room);
  expect(await inQueues(tenantId)).toBe(12);
  const ran = await workOff(tenantId, 31);
  expect(ran).toEqual(Array.from({ length: 31 }, (_, n) => n));
  // What has ended is kept, without what it was told where that is long.
  const done = await queues.get('maintenance').getJobs(['completed']);
  const told = done.filter(({ id }) => id?.startsWith(tenantId)).map(({ data }) => data.payload);
  expect(told).toEqual(Array(31).fill(null));
});

test('what is due later leaves half of the room to what is due now, also while it waits', async () => {
  const { tenantId, asks } = open({ jobs: 10 });
  await queues.enqueue(asks(20, { delayMs: 3_600_000 }));
  expect([await inQueues(tenantId), await waiting(tenantId)]).toEqual([5, 15]);
  const now = asks(8);
  await queues.enqueue(now);
  expect([await inQueues(tenantId), await waiting(tenantId)]).toEqual([10, 18]);
  await releaser().tick();
  const first = (await held.oldest(tenantId, 3)).map(({ request: { id } }) => id);
  expect(first).toEqual(now.slice(5).map(({ id }) => id));
  const delayed = await queues.get('maintenance').getJobs(['delayed']);
  expect(delayed.filter(({ id }) => id?.startsWith(tenantId)).length).toBe(5);
});

test('a job that asks for others finds no dead end: they wait, it goes on', async () => {
  const { tenantId, ask } = open({ jobs: 3 });
  await queues.enqueue(Array.from({ length: 8 }, (_, n) => ask(n, {}, parent)));
  const ran = await workOff(tenantId, 40, 4);
  expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
});

test('jobs that wait for each other come together, through the database as well', async () => {
  const { tenantId, ask } = open({ jobs: 2 });
  const graphs = Array.from({ length: 3 }, (_, n) => {
    const jobs = [ask(10 * n, {}, child), ask(10 * n + 1, {}, child)];
    return ask(10 * n + 2, { after: { jobs, onFailure: 'fail' } });
  });
  await queues.enqueue(graphs);
  expect([await inQueues(tenantId), await waiting(tenantId)]).toEqual([3, 2]);
  const ran = await workOff(tenantId, 9);
  for (const n of [0, 10, 20]) {
    for (const before of [n, n + 1]) expect(ran.indexOf(before)).toBeLessThan(ran.indexOf(n + 2));
  }
});

test('killed between its steps, it is done again and changes nothing; what Valkey loses waits again', async () => {
  const { tenantId, asks } = open({ jobs: 4 });
  const flood = asks(12);
  // Nobody marked what was let in.
  await queues.enqueue(flood);
  const first = await held.oldest(tenantId, 100);
  rooms.set(tenantId, { ...endless, jobs: 8 });
  expect(await queues.release(tenantId, first)).toHaveLength(4);
  await Promise.all([releaser().tick(), releaser().tick()]);
  expect([await inQueues(tenantId), await waiting(tenantId)]).toEqual([8, 4]);
  expect(await countAll(tenantId)).toBe(8);
  // All that Valkey has of the organisation is gone.
  for (const key of await valkey.keys(`${prefix}:*${tenantId}*`)) await valkey.del(key);
  for (const set of ['prioritized', 'wait']) await valkey.del(`${prefix}:maintenance:${set}`);
  await held.holdAgain(new Date(0));
  await queues.enqueue(flood.slice(0, 4));
  const ran = await workOff(tenantId, 12);
  expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n));
});

test('what ended without a word is counted out by the second look, what is there is not', async () => {
  const { tenantId, asks } = open({ jobs: 4 });
  const flood = asks(6);
  await queues.enqueue(flood);
  for (const { id } of flood.slice(0, 2))
    await queues.get('maintenance').remove(`${tenantId}~${id}`);
  const release = createHeldRelease({
    valkey,
    queues,
    held,
    roomOf,
    log,
    prefix,
    isLeader: () => true,
    idleMs: 5,
    busyMs: 5,
    sweepMs: 5,
  });
  expect(await inQueues(tenantId)).toBe(4);
  release.start();
  await until(() => waiting(tenantId), { equals: 0 });
  await release.stop();
  expect([await inQueues(tenantId), await countAll(tenantId)]).toEqual([4, 4]);
});

test('dead letters keep to half of the bytes: the oldest go, and other organisations’ stay', async () => {
  const room = 200_000;
  const [own, other] = [open({ bytes: room }), open({ bytes: room })];
  const text = 'x'.repeat(20_000);
  const letters = Array.from({ length: 12 }, (_, n) =>
    own.ask(n, { payload: { n, text } }, failing),
  );
  await queues.enqueue([other.ask(0, { payload: { n: 0, text } }, failing), ...letters]);
  await workOff(own.tenantId, 0);
  await workOff(other.tenantId, 0);
  expect(await bytesOf(own.tenantId)).toBeLessThanOrEqual(room / 2);
  const left = (await control.list(own.tenantId, { limit: 20 })).items;
  expect(left.map(({ state }) => state)).toEqual(Array(4).fill('failed'));
  expect(left.map(({ id }) => id).toSorted()).toEqual(
    letters
      .slice(-4)
      .map(({ id }) => id)
      .toSorted(),
  );
  expect((await control.list(other.tenantId, { limit: 20 })).items).toHaveLength(1);
  // A letter that is tried again and succeeds, or is gone, is no letter any more.
  for (const { id } of left) await queues.get('site-crawling').remove(`${own.tenantId}~${id}`);
  const release = createHeldRelease({
    valkey,
    queues,
    held,
    roomOf,
    log,
    prefix,
    isLeader: () => true,
    idleMs: 5,
    sweepMs: 5,
  });
  release.start();
  await until(() => bytesOf(own.tenantId), { equals: 0 });
  await release.stop();
  expect(await bytesOf(other.tenantId)).toBeGreaterThan(20_000);
});

test('whose organisation is erased has nothing kept; its own code sees how many wait, not what', async () => {
  const { tenantId, asks } = open({ jobs: 0 });
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
  const { tenantId: gone, asks: late } = open({ jobs: 0 });
  await admin`insert into tenant_deletions (organization_id, requested_by) values (${toUuid(gone)}, 'x')`;
  await queues.enqueue(late(2));
  expect(await waiting(gone)).toBe(0);
});
