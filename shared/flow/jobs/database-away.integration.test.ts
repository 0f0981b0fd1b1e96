import { afterAll, expect, test } from 'bun:test';
import { createDatabase } from '@insightdesk/shared/database';
import { testEnvironment } from '@insightdesk/shared/testing';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { defineJob } from './define-job.ts';
import { createJobStage, inTenant, request, until } from './test-jobs.ts';

const { queues, news, work, control, close, parts } = createJobStage();
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

const job = defineJob({
  name: 'meets-no-database',
  queue: 'maintenance',
  payload: z.object({}),
  attempts: 2,
  backoffMs: 1,
});

test('a database that is away uses up no attempts: the job is done when it is back', async () => {
  let runs = 0;
  await work({
    'meets-no-database': {
      job,
      run: (_, { tenantId }) =>
        inTenant(++runs <= 3 ? away : parts.database, tenantId, (tx) => tx.execute(sql`select 1`)),
    },
  });
  const asked = request(job, {});
  await queues.enqueue([asked]);
  await until(() => news.some(({ state }) => state === 'completed'), 25_000);
  expect(runs).toBe(4);
  expect(await control.list(asked.tenantId, { limit: 10 })).toMatchObject({
    items: [{ state: 'completed', attempts: 1 }],
  });
}, 30_000);
