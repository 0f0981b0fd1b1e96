import { afterAll, expect, test } from 'bun:test';
import { createDatabase } from '@insightdesk/shared/database';
import { NetworkError } from '@insightdesk/shared/errors';
import { testEnvironment, until } from '@insightdesk/shared/testing';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { defineJob, type JobRequest } from '../definition/define-job.ts';
import { createTestQueues, inTenant, request } from '../testing/test-queues.ts';

const { queues, work, control, close, container } = createTestQueues();
const unavailable = createDatabase({
  url: Object.assign(new URL(testEnvironment.databaseUrl), { port: '1' }).href,
  poolMin: 1,
  poolMax: 1,
  timeoutMs: 1_000,
  slowQueryMs: 1_000,
});
afterAll(async () => {
  await unavailable.close();
  await close();
});

const jobCalled = (name: string) =>
  defineJob({ name, queue: 'maintenance', payload: z.object({}), attempts: 2, backoffMs: 1 });

/** The status of the only job of an organization. */
const statusOf = async ({ tenantId }: JobRequest) =>
  (await control.list(tenantId, { limit: 10 })).items[0];

test('an unavailable database uses up no attempts; the job runs when it is back', async () => {
  const job = jobCalled('database-outage');
  let runs = 0;
  const workers = await work({
    'database-outage': {
      job,
      run: (_, { tenantId }) =>
        inTenant(++runs <= 3 ? unavailable : container.database, tenantId, (tx) =>
          tx.execute(sql`select 1`),
        ),
    },
  });
  const asked = request(job, {});
  await queues.enqueue([asked]);
  await until(async () => (await statusOf(asked))?.state, { equals: 'completed' });
  expect(runs).toBe(4);
  expect(await statusOf(asked)).toMatchObject({ state: 'completed', attempts: 1 });
  await workers.close();
});

test('an unavailable storage uses up no attempts; another error does', async () => {
  const job = jobCalled('storage-outage');
  const errors = [
    new NetworkError('connection refused', { code: 'STORAGE_UNAVAILABLE' }),
    new Error('bug'),
    new NetworkError('connection refused', { code: 'STORAGE_UNAVAILABLE' }),
  ];
  const workers = await work({
    'storage-outage': {
      job,
      run: async () => {
        const error = errors.shift();
        if (error) throw error;
      },
    },
  });
  const asked = request(job, {});
  await queues.enqueue([asked]);
  await until(async () => (await statusOf(asked))?.state, { equals: 'completed' });
  expect(errors).toEqual([]);
  expect(await statusOf(asked)).toMatchObject({ state: 'completed', attempts: 2 });
  await workers.close();
});

test('a job without a handler in this worker is delayed until another worker has one', async () => {
  const job = jobCalled('next-release');
  const asked = request(job, {});
  const old = await work({ other: { job: jobCalled('other'), run: async () => {} } });
  await queues.enqueue([asked]);
  await until(async () => (await statusOf(asked))?.state, { equals: 'delayed' });
  await old.close();
  await work({ [job.name]: { job, run: async () => {} } });
  await until(async () => (await statusOf(asked))?.state, { equals: 'completed' });
  expect(await statusOf(asked)).toMatchObject({ state: 'completed', attempts: 1 });
});
