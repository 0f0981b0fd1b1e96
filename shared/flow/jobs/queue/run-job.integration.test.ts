import { afterAll, expect, test } from 'bun:test';
import { DomainBusinessRuleError } from '@insightdesk/shared/errors';
import { createTestTenant, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { readBacklog } from '../control/backlog.ts';
import { unblockOrphans } from '../control/unblock-orphans.ts';
import { chainJobs, defineJob, type JobDefinition } from '../definition/define-job.ts';
import { JobPriority } from '../definition/priority.ts';
import { jobSteps } from '../tables.ts';
import { createTestQueues, inTenant, request } from '../testing/test-queues.ts';
import type { JobRun } from './job-run.ts';
import type { Handler } from './run-job.ts';

const { context, container, prefix, valkey, queues, events, work, control, close } =
  createTestQueues();
afterAll(close);

const payload = z.object({ n: z.number() });
const rising = [JobPriority.LOWEST, JobPriority.LOW, JobPriority.NORMAL, JobPriority.URGENT];
const job = (name: string, more: Partial<JobDefinition> = {}) =>
  defineJob({ name, queue: 'maintenance', payload, backoffMs: 1, ...more });

type Run = (input: { n: number }, run: JobRun) => Promise<unknown>;
const handlers: Record<string, Handler> = {};
const define = (name: string, run: Run, more?: Partial<JobDefinition>) => {
  const definition = job(name, more);
  handlers[name] = { job: definition, run: run as Handler['run'] };
  return definition;
};

const failing = define('fails', async () => {
  throw new DomainBusinessRuleError('It cannot be done', { code: 'NO' });
});
const flaky = define('flaky', async ({ n }, { attempt }) => {
  if (attempt <= n) throw new Error(`attempt ${attempt}`);
  return attempt;
});
const value = define('value', async ({ n }) => n);
const slowly = define('slowly', async ({ n }) => {
  await Bun.sleep(200);
  return n;
});
const sum = define('sum', async (_, run) => {
  const results = Object.values(await run.results()) as number[];
  return { total: results.reduce((all, one) => all + one, 0), failures: await run.failures() };
});
const hanging = define('hanging', async (_, { signal }) => {
  await new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason)),
  );
});
const timingOut = define('timing-out', () => Bun.sleep(60_000), { timeoutMs: 50, attempts: 1 });
let effects = 0;
const stepped = define('stepped', async (_, run) => {
  const first = await run.step('effect', async () => ++effects);
  const second = await run.once('row', async () => effects * 10);
  await run.log(`first ${first}`);
  await run.progress(50);
  if (run.attempt === 1) throw new Error('cut off after the effects');
  return [first, second];
});
let unclear = 0;
const failingIfUnclear = define('failing-if-unclear', (_, run) =>
  run.step('pay', async () => ++unclear, { orFail: true }),
);
const lookingUp = define('looking-up', (_, run) =>
  run.step<unknown>('pay', async () => ++unclear, { find: async (key) => ({ result: key }) }),
);
let running = 0;
let maxRunning = 0;
const limited = define(
  'limited',
  async () => {
    maxRunning = Math.max(maxRunning, ++running);
    await Bun.sleep(20);
    running--;
  },
  { limit: { key: () => 'host', concurrent: 2 } },
);
const paced = define('paced', async () => {}, {
  limit: { key: () => 'host', rate: { max: 2, windowMs: 100 } },
});
const hourly = define('hourly', async () => {}, {
  limit: { key: () => 'host', rate: { max: 2, windowMs: 3_600_000 } },
});
const order: number[] = [];
const link = define('link', async ({ n }) => void order.push(n));

await work(handlers, 20);
const { tenantId } = await createTestTenant(context);
const ask = (definition: JobDefinition, n = 0) => request(definition, { n }, { tenantId });
const stateOf = async (id: string) => (await control.require(tenantId, id)).state;
const ended = (id: string) =>
  until(async () => ['completed', 'failed'].includes(await stateOf(id)));
const resultOf = async (id: string) =>
  (await queues.get('maintenance').getJob(`${tenantId}~${id}`))?.returnvalue;

test('a failed job is retried; a domain error is final', async () => {
  const [once, never] = [ask(flaky, 2), ask(failing)];
  await queues.enqueue([once, never]);
  await Promise.all([ended(once.id), ended(never.id)]);
  expect(await resultOf(once.id)).toBe(3);
  expect(await control.require(tenantId, never.id)).toMatchObject({
    state: 'failed',
    attempts: 1,
    reason: expect.stringContaining('It cannot be done'),
  });
});

test('retry and retryAll requeue failed jobs with all their attempts', async () => {
  const dead = ask(flaky, 3);
  await queues.enqueue([dead]);
  await ended(dead.id);
  expect(await stateOf(dead.id)).toBe('failed');
  await control.retry(tenantId, dead.id);
  await until(
    async () =>
      (await stateOf(dead.id)) === 'failed' &&
      events.filter(({ id, state }) => id === dead.id && state === 'active').length === 6,
  );
  expect(await control.retryAll('maintenance')).toBeGreaterThanOrEqual(2);
  await expect(control.retry(newId('org'), dead.id)).rejects.toThrow('Job not found');
});

test('a parent job gets the results of its children; each failure policy applies', async () => {
  const parents = (['fail', 'ignore', 'compensate'] as const).map((onFailure) => ({
    ...ask(sum),
    dependsOn: { jobs: [ask(value, 2), ask(value, 3), ask(failing)], onFailure },
  }));
  const fine = {
    ...ask(sum),
    dependsOn: { jobs: [ask(value, 2), ask(value, 3)], onFailure: 'fail' as const },
  };
  await queues.enqueue([...parents, fine]);
  const [fail, ignore, compensate] = parents as [typeof fine, typeof fine, typeof fine];
  await Promise.all([...parents, fine].map(({ id }) => ended(id)));
  expect(await resultOf(fine.id)).toEqual({ total: 5, failures: {} });
  expect(await stateOf(fail.id)).toBe('failed');
  expect(await resultOf(ignore.id)).toEqual({ total: 5, failures: {} });
  const { failures } = (await resultOf(compensate.id)) as { failures: Record<string, string> };
  expect(Object.values(failures)).toEqual([expect.stringContaining('It cannot be done')]);
});

test('compensate: the parent runs after all children have ended', async () => {
  const [slow, bad] = [ask(slowly, 7), ask(failing)];
  const parent = {
    ...ask(sum),
    dependsOn: { jobs: [slow, bad], onFailure: 'compensate' as const },
  };
  await queues.enqueue([parent]);
  await ended(parent.id);
  expect(await resultOf(parent.id)).toEqual({
    total: 7,
    failures: { [bad.id]: expect.stringContaining('It cannot be done') },
  });
});

test('a graph that is enqueued again while it runs or after it ended changes nothing', async () => {
  const families = (['ignore', 'compensate'] as const).map((onFailure) => ({
    ...ask(slowly, 1),
    dependsOn: { jobs: [ask(value, 2), ask(failing)], onFailure },
  }));
  await queues.enqueue(families);
  await until(async () => {
    const states = await Promise.all(families.map(({ id }) => stateOf(id)));
    return states.every((state) => state !== 'blocked');
  });
  await queues.enqueue(families);
  await Promise.all(families.map(({ id }) => ended(id)));
  await queues.enqueue(families);
  for (const { id } of families) expect(await stateOf(id)).toBe('completed');
});

test('unblockOrphans: a parent without its child fails or runs, by its policy', async () => {
  const child = { ...ask(value), delayMs: 60_000 };
  const parents = (['fail', 'ignore'] as const).map((onFailure) => ({
    ...ask(sum),
    dependsOn: { jobs: [{ ...child, id: `${child.id}-${onFailure}` }], onFailure },
  }));
  await queues.enqueue(parents);
  expect(await unblockOrphans(valkey, prefix)).toBe(0);
  for (const { id } of parents) expect(await stateOf(id)).toBe('blocked');
  for (const policy of ['fail', 'ignore']) {
    const key = `${prefix}:maintenance`;
    await valkey.zrem(`${key}:delayed`, `${tenantId}~${child.id}-${policy}`);
    await valkey.del(`${key}:${tenantId}~${child.id}-${policy}`);
  }
  expect(await unblockOrphans(valkey, prefix)).toBe(2);
  await Promise.all(parents.map(({ id }) => ended(id)));
  const [fail, ignore] = await Promise.all(parents.map(({ id }) => control.require(tenantId, id)));
  expect(fail).toMatchObject({ state: 'failed', reason: expect.stringContaining('is gone') });
  expect(ignore?.state).toBe('completed');
});

test('chainJobs: links run one after another, whatever their priorities', async () => {
  const links = rising.map((priority, n) => ({ ...ask(link, n + 1), priority }));
  const last = chainJobs(links, 'fail');
  await queues.enqueue([last, ...Array.from({ length: 20 }, () => ask(value))]);
  await ended(last.id);
  expect(order).toEqual([1, 2, 3, 4]);
});

test('chainJobs: a failed link fails the rest of the chain', async () => {
  const links = [ask(link, 5), ask(failing), ask(link, 6)];
  const last = chainJobs(links, 'fail');
  await queues.enqueue([last]);
  await ended(last.id);
  expect(await stateOf(last.id)).toBe('failed');
  expect(order.slice(4)).toEqual([5]);
});

test('a recorded step is not repeated when the job fails after it', async () => {
  const one = ask(stepped);
  await queues.enqueue([one]);
  await ended(one.id);
  expect(await resultOf(one.id)).toEqual([1, 10]);
  expect(effects).toBe(1);
  expect(await control.require(tenantId, one.id)).toMatchObject({
    progress: 50,
    log: ['first 1', 'first 1'],
  });
});

test('a step without a recorded result is looked up, or fails with orFail', async () => {
  const [a, b] = [ask(failingIfUnclear), ask(lookingUp)];
  await inTenant(container.database, tenantId, (tx) =>
    tx.insert(jobSteps).values([a, b].map(({ id }) => ({ tenantId, jobId: id, step: 'pay' }))),
  );
  await queues.enqueue([a, b]);
  await Promise.all([ended(a.id), ended(b.id)]);
  expect(await control.require(tenantId, a.id)).toMatchObject({ state: 'failed', attempts: 1 });
  expect(await resultOf(b.id)).toBe(`${b.id}-pay`);
  expect(unclear).toBe(0);
});

test('cancel: a running job ends at once, a delayed one never runs', async () => {
  const [running, delayed] = [ask(hanging), { ...ask(value), delayMs: 60_000 }];
  await queues.enqueue([running, delayed]);
  await until(() => stateOf(running.id), { equals: 'active' });
  expect(await stateOf(delayed.id)).toBe('delayed');
  for (const { id } of [running, delayed]) await control.cancel(tenantId, id, 'somebody');
  await Promise.all([ended(running.id), ended(delayed.id)]);
  for (const { id } of [running, delayed]) {
    expect(await control.require(tenantId, id)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('Cancelled'),
    });
  }
  await expect(control.cancel(tenantId, running.id, 'x')).rejects.toThrow('has already ended');
  await expect(control.cancel(newId('org'), running.id, 'x')).rejects.toThrow('Job not found');
});

test('a job that exceeds its timeout fails', async () => {
  const one = ask(timingOut);
  await queues.enqueue([one]);
  await ended(one.id);
  expect((await control.require(tenantId, one.id)).reason).toContain('50 ms');
});

test('limit: jobs of one key respect concurrency and rate', async () => {
  const limitedJobs = Array.from({ length: 8 }, () => ask(limited));
  const pacedJobs = Array.from({ length: 5 }, () => ask(paced));
  const hourlyJobs = Array.from({ length: 5 }, () => ask(hourly));
  await queues.enqueue([...limitedJobs, ...pacedJobs, ...hourlyJobs]);
  await Promise.all([...limitedJobs, ...pacedJobs].map(({ id }) => ended(id)));
  expect(maxRunning).toBe(2);
  const states = () => Promise.all(hourlyJobs.map(({ id }) => stateOf(id)));
  await until(async () => (await states()).every((state) => /completed|delayed/.test(state)));
  const ran = (await states()).filter((state) => state === 'completed');
  expect(ran).toHaveLength(2);
});

test('a paused queue keeps its jobs, and its backlog is reported', async () => {
  await control.pauseQueue('maintenance');
  const one = ask(value, 1);
  await queues.enqueue([one]);
  expect((await control.getStats()).maintenance).toMatchObject({ waiting: 1, isPaused: true });
  await until(async () => (await readBacklog(valkey, prefix)).maintenance.oldestSeconds > 0.1);
  expect((await readBacklog(valkey, prefix)).maintenance).toMatchObject({ waiting: 1, active: 0 });
  await control.resumeQueue('maintenance');
  await ended(one.id);
});
