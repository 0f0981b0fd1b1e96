import { afterAll, expect, test } from 'bun:test';
import { until } from '@insightdesk/shared/testing';
import { z } from 'zod';
import { defineJob } from '../definition/define-job.ts';
import { createTestQueues, request } from '../testing/test-queues.ts';

const { valkey, queues, work, control, close } = createTestQueues();
afterAll(close);

const job = defineJob({
  name: 'full-valkey',
  queue: 'maintenance',
  payload: z.object({}),
  attempts: 2,
  backoffMs: 1,
});

test('a full Valkey uses up no attempts; the job runs when there is memory', async () => {
  let runs = 0;
  const refusal =
    "return redis.error_reply('OOM command not allowed when used memory > maxmemory')";
  await work({
    'full-valkey': {
      job,
      run: async () => {
        if (++runs <= 3) await valkey.eval(refusal, 0);
        return 'done';
      },
    },
  });
  const asked = request(job, {});
  await queues.enqueue([asked]);
  const jobs = async () => (await control.list(asked.tenantId, { limit: 10 })).items;
  await until(async () => (await jobs())[0]?.state, { equals: 'completed' });
  expect(runs).toBe(4);
  expect(await jobs()).toMatchObject([{ state: 'completed', attempts: 1 }]);
});
