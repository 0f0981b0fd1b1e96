import { afterAll, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { createDatabase } from '@insightdesk/shared/database';
import { NetworkError } from '@insightdesk/shared/errors';
import { createLogger } from '@insightdesk/shared/logging';
import { testEnvironment, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { defineJob, type JobRequest } from '../definition/define-job.ts';
import { createTestQueues, inTenant, request } from '../testing/test-queues.ts';
import type { JobRun } from './job-run.ts';
import type { Handler } from './run-job.ts';

const { queues, valkey, work, control, events, close } = createTestQueues();
const unavailable = createDatabase({
  url: Object.assign(new URL(testEnvironment.databaseUrl), { port: '1' }).href,
  readers: 1,
  writers: 1,
  timeoutMs: 1_000,
  slowQueryMs: 1_000,
});
afterAll(async () => {
  await unavailable.close();
  await close();
});

const define = (name: string, attempts = 1) =>
  defineJob({ name, queue: 'maintenance', payload: z.object({}), attempts, backoffMs: 1 });

/** The status of the only job of an organization. */
const statusOf = async ({ tenantId }: JobRequest) =>
  (await control.list(tenantId, { limit: 10 })).items[0];
const untilState = (asked: JobRequest, state: string) =>
  until(async () => (await statusOf(asked))?.state, { equals: state });

const refusal = "return redis.error_reply('OOM command not allowed when used memory > maxmemory')";
const outages: Record<string, (tenantId: Id<'org'>) => Promise<unknown>> = {
  database: (tenantId) => inTenant(unavailable, tenantId, (tx) => tx.execute(sql`select 1`)),
  storage: () =>
    Promise.reject(new NetworkError('connection refused', { code: 'STORAGE_UNAVAILABLE' })),
  'full Valkey': () => valkey.eval(refusal, 0),
};

test('an unavailable database, storage or full Valkey uses up no attempts; the jobs run when it is back', async () => {
  const runs: Record<string, number> = {};
  const handlers = Object.entries(outages).map(([name, fail]): [string, Handler] => {
    const run = async (_: unknown, { tenantId }: JobRun) => {
      runs[name] = (runs[name] ?? 0) + 1;
      if (runs[name] === 1) await fail(tenantId as Id<'org'>);
    };
    return [name, { job: define(name), run }];
  });
  const workers = await work(Object.fromEntries(handlers), 3);
  const requests = handlers.map(([, { job }]) => request(job, {}));
  await queues.enqueue(requests);
  for (const asked of requests) {
    await untilState(asked, 'completed');
    expect(await statusOf(asked)).toMatchObject({ attempts: 1 });
  }
  expect(runs).toEqual({ database: 2, storage: 2, 'full Valkey': 2 });
  await workers.close();
});

test('jobs that wait for the same dependency log one warning, and no error', async () => {
  const lines: { level: string; code?: string }[] = [];
  const log = createLogger(
    { level: 'debug', format: 'json' },
    { service: 'worker', replica: 'worker-1' },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  const job = define('mail');
  let isDown = true;
  const run = async () => {
    if (isDown) throw new NetworkError('connection refused', { code: 'MAIL_UNAVAILABLE' });
  };
  const workers = await work({ [job.name]: { job, run } }, 3, log);
  const tenantId = newId('org');
  await queues.enqueue(Array.from({ length: 20 }, () => request(job, {}, { tenantId })));
  const statesOf = async () =>
    (await control.list(tenantId, { limit: 20 })).items.map(({ state }) => state);
  await until(async () => (await statesOf()).every((state) => state === 'delayed'));
  isDown = false;
  await until(async () => (await statesOf()).every((state) => state === 'completed'));
  await workers.close();
  expect(lines.filter(({ level }) => level !== 'debug' && level !== 'info')).toMatchObject([
    { level: 'warn', code: 'MAIL_UNAVAILABLE' },
  ]);
  const observed = events.filter(({ name }) => name === job.name).map(({ state }) => state);
  expect(observed.filter((state) => state === 'failed')).toEqual([]);
  expect(observed.filter((state) => state === 'delayed').length).toBeGreaterThanOrEqual(20);
});

test('an error that is no outage uses up an attempt', async () => {
  const job = define('bug', 2);
  let runs = 0;
  const workers = await work({
    bug: {
      job,
      run: async () => {
        if (++runs === 1) throw new Error('a bug');
      },
    },
  });
  const asked = request(job, {});
  await queues.enqueue([asked]);
  await untilState(asked, 'completed');
  expect(await statusOf(asked)).toMatchObject({ attempts: 2 });
  await workers.close();
});

test('a job without a handler in this worker is delayed until another worker has one', async () => {
  const job = define('next-release');
  const asked = request(job, {});
  const old = await work({ other: { job: define('other'), run: async () => {} } });
  await queues.enqueue([asked]);
  await untilState(asked, 'delayed');
  await old.close();
  await work({ [job.name]: { job, run: async () => {} } });
  await untilState(asked, 'completed');
  expect(await statusOf(asked)).toMatchObject({ attempts: 1 });
});
