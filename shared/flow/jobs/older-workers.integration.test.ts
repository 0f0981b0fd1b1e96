import { afterAll, expect, test } from 'bun:test';
import { z } from 'zod';
import { cancelTopic } from './cancel.ts';
import { defineJob } from './define-job.ts';
import { hasOlderWorkers } from './older-workers.ts';
import { createJobStage } from './test-jobs.ts';

const { valkey, prefix, work, connect, close } = createJobStage();
afterAll(close);

const job = defineJob({ name: 'known', queue: 'maintenance', payload: z.object({}) });

test('a worker that hears of cancelled jobs and not of newcomers is older', async () => {
  await work({ [job.name]: { job, run: async () => {} } });
  expect(await hasOlderWorkers(valkey, prefix)).toBe(false);
  const older = connect();
  await older.subscribe(cancelTopic(prefix));
  expect(await hasOlderWorkers(valkey, prefix)).toBe(true);
  await older.unsubscribe(cancelTopic(prefix));
  expect(await hasOlderWorkers(valkey, prefix)).toBe(false);
});
