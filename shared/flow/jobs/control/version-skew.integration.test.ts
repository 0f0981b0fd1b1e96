import { afterAll, expect, test } from 'bun:test';
import { z } from 'zod';
import { defineJob } from '../definition/define-job.ts';
import { cancelTopic } from '../queue/cancellation.ts';
import { createTestQueues } from '../testing/test-queues.ts';
import { hasOlderWorkers } from './version-skew.ts';

const { valkey, prefix, work, connect, close } = createTestQueues();
afterAll(close);

const job = defineJob({ name: 'known', queue: 'maintenance', payload: z.object({}) });

test('hasOlderWorkers detects a worker without the reserved slot topic', async () => {
  await work({ [job.name]: { job, run: async () => {} } });
  expect(await hasOlderWorkers(valkey, prefix)).toBe(false);
  const older = connect();
  await older.subscribe(cancelTopic(prefix));
  expect(await hasOlderWorkers(valkey, prefix)).toBe(true);
  await older.unsubscribe(cancelTopic(prefix));
  expect(await hasOlderWorkers(valkey, prefix)).toBe(false);
});
