import { afterAll, expect, test } from 'bun:test';
import { createDatabase } from '@insightdesk/shared/database';
import { NetworkError } from '@insightdesk/shared/errors';
import { testEnvironment, until } from '@insightdesk/shared/testing';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { defineJob, type JobRequest } from './define-job.ts';
import { createJobStage, inTenant, request } from './test-jobs.ts';

const { queues, work, control, close, parts } = createJobStage();
const away = createDatabase({
  url: Object.assign(new URL(testEnvironment.databaseUrl), { port: '1' }).href,
  poolMin: 1,
  poolMax: 1,
  timeoutMs: 1_000,
  slowQueryMs: 1_000,
});
afterAll(async () => {
  await away.close();
  await close();
});

const jobCalled = (name: string) =>
  defineJob({ name, queue: 'maintenance', payload: z.object({}), attempts: 2, backoffMs: 1 });

/** What became of the one job of an organisation. */
const outcomeOf = async ({ tenantId }: JobRequest) =>
  (await control.list(tenantId, { limit: 10 })).items[0];

test('a database that is away uses up no attempts: the job is done when it is back', async () => {
  const job = jobCalled('meets-no-database');
  let runs = 0;
  const workers = await work({
    'meets-no-database': {
      job,
      run: (_, { tenantId }) =>
        inTenant(++runs <= 3 ? away : parts.database, tenantId, (tx) => tx.execute(sql`select 1`)),
    },
  });
  const asked = request(job, {});
  await queues.enqueue([asked]);
  await until(async () => (await outcomeOf(asked))?.state, { equals: 'completed' });
  expect(runs).toBe(4);
  expect(await outcomeOf(asked)).toMatchObject({ state: 'completed', attempts: 1 });
  await workers.close();
});

test('so does a storage that is away; an error of its own does', async () => {
  const job = jobCalled('meets-no-storage');
  const met = [
    new NetworkError('not reached', { code: 'STORAGE_UNAVAILABLE' }),
    new Error('its own'),
    new NetworkError('not reached', { code: 'STORAGE_UNAVAILABLE' }),
  ];
  const workers = await work({
    'meets-no-storage': {
      job,
      run: async () => {
        const error = met.shift();
        if (error) throw error;
      },
    },
  });
  const asked = request(job, {});
  await queues.enqueue([asked]);
  await until(async () => (await outcomeOf(asked))?.state, { equals: 'completed' });
  expect(met).toEqual([]);
  expect(await outcomeOf(asked)).toMatchObject({ state: 'completed', attempts: 2 });
  await workers.close();
});

test('a job that this worker does not know waits for one that does', async () => {
  const job = jobCalled('of-the-next-release');
  const asked = request(job, {});
  const old = await work({ other: { job: jobCalled('other'), run: async () => {} } });
  await queues.enqueue([asked]);
  await until(async () => (await outcomeOf(asked))?.state, { equals: 'delayed' });
  await old.close();
  await work({ [job.name]: { job, run: async () => {} } });
  await until(async () => (await outcomeOf(asked))?.state, { equals: 'completed' });
  expect(await outcomeOf(asked)).toMatchObject({ state: 'completed', attempts: 1 });
});
