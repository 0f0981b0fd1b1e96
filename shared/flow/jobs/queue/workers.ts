import { serializeError } from '@insightdesk/shared/errors';
import { throttle } from '@insightdesk/shared/promises';
import type { ConnectionOptions, Worker } from 'bullmq';
import type { Redis } from 'iovalkey';
import type { z } from 'zod';
import { loadBullmq } from '../definition/bullmq.ts';
import type { JobDefinition, QueueName } from '../definition/define-job.ts';
import type { Envelope } from '../definition/envelope.ts';
import { type ReservedSlot, reservedSlotTopic, reserveSlot } from '../fairness/reserved-slot.ts';
import { cancelTopic } from './cancellation.ts';
import { createOutageLog } from './create-outage-log.ts';
import type { JobRun } from './job-run.ts';
import { createKeyLimits } from './key-limits.ts';
import type { Queues } from './queues.ts';
import { retention } from './retention.ts';
import { type RunOptions, runJob } from './run-job.ts';

/** The job definitions that a module namespace (`import * as …`) exports. */
export type JobsOf<M> = Extract<M[keyof M], JobDefinition>;

/** The handler of each job; a job without one does not compile. Results are JSON. */
export type JobHandlers<J extends JobDefinition> = {
  [N in J['name']]: {
    job: Extract<J, { name: N }>;
    run(payload: z.output<Extract<J, { name: N }>['payload']>, run: JobRun): Promise<unknown>;
  };
};

export interface WorkersOptions
  extends Omit<RunOptions, 'limits' | 'enqueue' | 'promote' | 'running' | 'logOutage'> {
  queues: Pick<Queues, 'enqueue' | 'assignTurns' | 'jobEnded' | 'promote'>;
  /** Opens a connection for the blocking reads of one queue. */
  connect(): Redis;
  /** For short commands; may be shared. */
  valkey: Redis;
  /** Receives cancel requests and wake-ups of reserved slots; may be shared. */
  subscriber: Redis;
  /**
   * How many jobs of a queue one worker runs at a time. If more than one, one slot is reserved for
   * organizations without a running job.
   */
  concurrency: number;
  /** Other numbers for some queues. */
  concurrencyOf?: Partial<Record<QueueName, number>>;
  prefix?: string;
}

export interface Workers {
  /** Waits for running jobs; another worker reruns those that do not finish. */
  close(): Promise<void>;
}

/** How often turns are assigned while jobs run, besides after each enqueue. */
const ASSIGN_TURNS_MS = 100;

/** Starts one worker per queue that has a handler; jobs of a killed worker rerun within 15 s. */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { handlers, log, concurrency, queues, valkey, subscriber, prefix = 'jobs' } = options;
  const limits = createKeyLimits(valkey, prefix);
  const running: RunOptions['running'] = new Map();
  const { enqueue, promote } = queues;
  const logOutage = createOutageLog(log);
  const run: RunOptions = { ...options, limits, running, enqueue, promote, logOutage };
  const names = new Set(Object.values(handlers).map(({ job }) => job.queue));
  const reservedSlots = new Map<string, ReservedSlot>();
  const workers = [...names].map((queue) => startWorker(queue));

  function startWorker(queue: QueueName): Worker<Envelope> {
    const slots = options.concurrencyOf?.[queue] ?? concurrency;
    const worker = new (loadBullmq().Worker)<Envelope>(
      queue,
      (job, token) => runJob(job, token as string, run),
      {
        connection: options.connect() as unknown as ConnectionOptions,
        prefix,
        concurrency: Math.max(1, slots - 1),
        ...retention,
        lockDuration: 10_000,
        stalledInterval: 5_000,
        // A killed worker is not a failure of the job.
        maxStalledCount: 100,
      },
    );
    const onError = (error: unknown) =>
      log.warn({ queue, err: serializeError(error) }, 'jobs: queue command failed');
    worker.on(
      'active',
      throttle(ASSIGN_TURNS_MS, () => queues.assignTurns(queue).catch(onError)),
    );
    worker.on('completed', (job) => queues.jobEnded(job));
    worker.on('failed', (job) => job?.finishedOn && queues.jobEnded(job));
    worker.on('error', onError);
    worker.on('stalled', (id) =>
      log.warn({ queue, job: id }, 'jobs: job of a lost worker restarted'),
    );
    if (slots > 1)
      reservedSlots.set(queue, reserveSlot(worker, queue, { valkey, prefix, onError }));
    return worker;
  }

  const onMessage = (topic: string, message: string) => {
    if (topic === cancelTopic(prefix)) running.get(message)?.cancel('Cancelled');
    if (topic === reservedSlotTopic(prefix)) reservedSlots.get(message)?.wake();
  };
  subscriber.on('message', onMessage);
  await subscriber.subscribe(cancelTopic(prefix), reservedSlotTopic(prefix));
  return {
    async close() {
      subscriber.off('message', onMessage);
      await Promise.all([...reservedSlots.values()].map((slot) => slot.close()));
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
