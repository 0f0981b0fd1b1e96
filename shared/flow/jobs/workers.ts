import { serializeError } from '@insightdesk/shared/errors';
import { throttle } from '@insightdesk/shared/promises';
import type { ConnectionOptions, Worker } from 'bullmq';
import type { Redis } from 'iovalkey';
import type { z } from 'zod';
import { bullmq } from './bullmq.ts';
import { cancelTopic } from './cancel.ts';
import type { JobDefinition, QueueName } from './define-job.ts';
import { type KeptPlace, keepPlace, newcomerTopic } from './kept-place.ts';
import { createKeyLimits } from './key-limits.ts';
import type { Envelope, Queues } from './queues.ts';
import { retention } from './retention.ts';
import { type JobRun, type RunOptions, runJob } from './run-job.ts';

/** The job definitions that a module namespace (`import * as …`) exports. */
export type JobsOf<M> = Extract<M[keyof M], JobDefinition>;

/** What to do for each job; a job without a line here does not compile. Results are JSON. */
export type JobHandlers<J extends JobDefinition> = {
  [N in J['name']]: {
    job: Extract<J, { name: N }>;
    run(payload: z.output<Extract<J, { name: N }>['payload']>, run: JobRun): Promise<unknown>;
  };
};

export interface WorkersOptions extends Omit<RunOptions, 'limits' | 'enqueue' | 'running'> {
  queues: Pick<Queues, 'enqueue' | 'takeTurns' | 'ended'>;
  /** Makes a connection of its own for each queue's blocking reads. */
  connect(): Redis;
  /** For short commands; may be shared. */
  valkey: Redis;
  /** Hears of cancelled jobs and of newcomers; may be shared. */
  subscriber: Redis;
  /**
   * How many jobs of a queue one worker runs at a time. Where it is more than one, one of them is
   * of an organisation that had none running.
   */
  concurrency: number;
  prefix?: string;
}

export interface Workers {
  /** Lets running jobs finish; those that do not are rerun elsewhere. */
  close(): Promise<void>;
}

/** Turns are decided when something was enqueued, and so often while jobs are run. */
const TURNS_MS = 100;

/** Starts one worker per queue that has a handler. A killed worker's jobs are rerun within 15 s. */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { handlers, log, concurrency, queues, valkey, subscriber, prefix = 'jobs' } = options;
  const limits = createKeyLimits(valkey, prefix);
  const running: RunOptions['running'] = new Map();
  const run: RunOptions = { ...options, limits, running, enqueue: queues.enqueue };
  const names = new Set(Object.values(handlers).map(({ job }) => job.queue));
  const kept = new Map<string, KeptPlace>();
  const workers = [...names].map((queue) => startWorker(queue));

  function startWorker(queue: QueueName): Worker<Envelope> {
    const worker = new (bullmq().Worker)<Envelope>(
      queue,
      (job, token) => runJob(job, token as string, run),
      {
        connection: options.connect() as unknown as ConnectionOptions,
        prefix,
        concurrency: Math.max(1, concurrency - 1),
        ...retention,
        lockDuration: 10_000,
        stalledInterval: 5_000,
        // A kill is not the job's fault, so it may be met more often than a job may fail.
        maxStalledCount: 100,
      },
    );
    const onError = (error: unknown) =>
      log.warn({ queue, err: serializeError(error) }, 'queue: error');
    worker.on(
      'active',
      throttle(TURNS_MS, () => queues.takeTurns(queue).catch(onError)),
    );
    worker.on('completed', (job) => queues.ended(job));
    worker.on('failed', (job) => job?.finishedOn && queues.ended(job));
    worker.on('error', onError);
    worker.on('stalled', (id) => log.warn({ queue, job: id }, 'job: taken over'));
    if (concurrency > 1) kept.set(queue, keepPlace(worker, queue, { valkey, prefix, onError }));
    return worker;
  }

  const onMessage = (topic: string, text: string) => {
    if (topic === cancelTopic(prefix)) running.get(text)?.cancel('Cancelled');
    if (topic === newcomerTopic(prefix)) kept.get(text)?.offer();
  };
  subscriber.on('message', onMessage);
  await subscriber.subscribe(cancelTopic(prefix), newcomerTopic(prefix));
  return {
    async close() {
      subscriber.off('message', onMessage);
      await Promise.all([...kept.values()].map((place) => place.close()));
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
