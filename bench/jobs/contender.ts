import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Id } from '@insightdesk/shared/contract';
import {
  createQueues,
  defineJob,
  type JobRequest,
  type QueueName,
  startWorkers,
} from '@insightdesk/shared/jobs';
import { createLogger } from '@insightdesk/shared/logging';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { z } from 'zod';

/** A job system under measurement, in this process. */
export interface Side {
  name: string;
  /** Enqueues jobs of an organization. `onStart` is called with the label of each job that starts. */
  enqueue(tenantId: Id<'org'>, labels: readonly string[]): Promise<void>;
  onStart: (label: string) => unknown;
  close(): Promise<void>;
}

const QUEUE: QueueName = 'email-sending';
const SHARED = join(import.meta.dir, '../../shared/package.json');
const retention = { removeOnComplete: { age: 86_400, count: 1_000 } };

const payload = z.object({ label: z.string(), conversationId: z.string(), body: z.string() });
const payloadOf = (label: string) => ({
  label,
  conversationId: 'cnv_01aaaaaaaaaaaaaaaaaaaaaaaa',
  body: 'Thank you for your message, we will look into it.',
});

/** The job of our side. */
export const benchJob = defineJob({ name: 'bench.job', queue: QUEUE, payload });

/** Connects to the Valkey of the stack. */
export const connectValkey = (url: string) =>
  createValkey(url, { name: 'bench', role: 'blocking', onError: () => {} });

/** Deletes all keys with a prefix. */
export async function deleteKeys(url: string, prefix: string): Promise<void> {
  const valkey = connectValkey(url);
  for await (const keys of valkey.scanStream({ match: `${prefix}:*`, count: 1_000 })) {
    if (keys.length > 0) await valkey.unlink(...keys);
  }
  valkey.disconnect();
}

/** BullMQ as in its documentation. */
export async function startBare(url: string, concurrency: number): Promise<Side> {
  const { Queue, Worker } = createRequire(SHARED)('bullmq');
  const { Redis } = createRequire(SHARED)('iovalkey');
  const connect = () => new Redis(url, { maxRetriesPerRequest: null });
  const prefix = `bench-bare-${newId('evt')}`;
  const connection = connect();
  const queue = new Queue(QUEUE, { connection, prefix });
  const side: Side = {
    name: 'bare',
    onStart: () => {},
    async enqueue(_, labels) {
      await queue.addBulk(
        labels.map((label) => ({
          name: 'job',
          data: payloadOf(label),
          opts: { ...retention, attempts: 3, backoff: { type: 'exponential', delay: 2_000 } },
        })),
      );
    },
    async close() {
      await worker.close();
      await queue.close();
      connection.disconnect();
      blocking.disconnect();
      await deleteKeys(url, prefix);
    },
  };
  const run = async (job: { data: { label: string } }) => side.onStart(job.data.label);
  const blocking = connect();
  const worker = new Worker(QUEUE, run, { connection: blocking, prefix, concurrency });
  await worker.waitUntilReady();
  return side;
}

/** Our job platform, assembled like in the worker service. */
export async function startOurs(url: string, concurrency: number) {
  const prefix = `bench-ours-${newId('evt')}`;
  const connections = [connectValkey(url), connectValkey(url)] as const;
  const [valkey, subscriber] = connections;
  const opened: ReturnType<typeof connectValkey>[] = [...connections];
  const queues = createQueues(valkey, prefix);
  const run = async ({ label }: { label: string }) => side.onStart(label);
  const workers = await startWorkers({
    handlers: { [benchJob.name]: { job: benchJob, run } },
    queues,
    valkey,
    subscriber,
    concurrency,
    prefix,
    connect() {
      const connection = connectValkey(url);
      opened.push(connection);
      return connection;
    },
    inTenant: () => Promise.reject(new Error('The benchmark has no steps')),
    log: createLogger({ level: 'silent', format: 'json' }, { service: 'bench', replica: '1' }),
    observe: () => {},
  });
  const side = {
    name: 'ours',
    onStart: (_: string): unknown => undefined,
    queues,
    async enqueue(tenantId: Id<'org'>, labels: readonly string[]) {
      await queues.enqueue(labels.map((label) => toRequest(tenantId, label)));
    },
    async close() {
      await workers.close();
      await queues.close();
      for (const connection of opened) connection.disconnect();
      await deleteKeys(url, prefix);
    },
  };
  return side;
}

const toRequest = (tenantId: Id<'org'>, label: string): JobRequest => ({
  job: benchJob,
  id: `${newId('evt')}-${benchJob.name}`,
  tenantId,
  requestId: 'bench',
  payload: payloadOf(label),
});
