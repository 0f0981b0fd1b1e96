import { AppError, isRetryable, serializeError } from '@insightdesk/shared/errors';
import { type Logger, withContext } from '@insightdesk/shared/logging';
import { withTimeout } from '@insightdesk/shared/promises';
import type { Id } from '@insightdesk/shared/utils';
import { type ConnectionOptions, type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'iovalkey';
import { z } from 'zod';
import type { JobDefinition, JobRequest, QueueName } from './define-job.ts';
import type { Envelope } from './queues.ts';

/** The job definitions that a module namespace (`import * as …`) exports. */
export type JobsOf<M> = Extract<M[keyof M], JobDefinition>;

/** One run of a job. */
export interface JobRun {
  id: string;
  tenantId: Id<'org'>;
  requestId: string;
  /** From 1. */
  attempt: number;
  /** Aborted when the job has used up its time. */
  signal: AbortSignal;
  /** Accepts further work; ids must derive from this job's id. */
  enqueue(requests: JobRequest[]): Promise<void>;
}

/** What to do for each job; a job without a line here does not compile. */
export type JobHandlers<J extends JobDefinition> = {
  [N in J['name']]: {
    job: Extract<J, { name: N }>;
    run(payload: z.output<Extract<J, { name: N }>['payload']>, run: JobRun): Promise<void>;
  };
};

export interface WorkersOptions {
  /** Makes a connection of its own for each queue's blocking reads. */
  connect(): Redis;
  handlers: Record<string, { job: JobDefinition; run(payload: never, run: JobRun): Promise<void> }>;
  enqueue(requests: JobRequest[]): Promise<void>;
  concurrency: number;
  log: Logger;
  prefix?: string;
  observe?(queue: QueueName, name: string, outcome: 'completed' | 'failed', ms: number): void;
}

export interface Workers {
  /** Lets running jobs finish; those that do not are rerun elsewhere. */
  close(): Promise<void>;
}

/** Starts one worker per queue that has a handler. A killed worker's jobs are rerun within 15 s. */
export function startWorkers(options: WorkersOptions): Workers {
  const { handlers, log, concurrency, prefix = 'jobs' } = options;
  const queues = new Set(Object.values(handlers).map(({ job }) => job.queue));
  const workers = [...queues].map((queue) => {
    const worker = new Worker<Envelope>(queue, (job) => runJob(job, options), {
      connection: options.connect() as unknown as ConnectionOptions,
      prefix,
      concurrency,
      lockDuration: 10_000,
      stalledInterval: 5_000,
      // A kill is not the job's fault, so it may be met more often than a job may fail.
      maxStalledCount: 10,
    });
    worker.on('error', (error) => log.warn({ queue, err: serializeError(error) }, 'queue: error'));
    worker.on('stalled', (id) => log.warn({ queue, job: id }, 'job: taken over'));
    return worker;
  });
  return {
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

async function runJob(job: Job<Envelope>, options: WorkersOptions): Promise<void> {
  const { handlers, log, observe, enqueue } = options;
  const handler = handlers[job.name];
  if (!handler) throw new UnrecoverableError(`No handler for ${job.name}`);
  const { tenantId, requestId, payload } = job.data;
  const attempt = job.attemptsMade + 1;
  const startedAt = performance.now();
  const timeout = AbortSignal.timeout(handler.job.timeoutMs);
  const run: JobRun = {
    id: job.id as string,
    tenantId: tenantId as Id<'org'>,
    requestId,
    attempt,
    signal: timeout,
    enqueue,
  };
  await withContext({ requestId, tenantId, job: job.id as string }, async () => {
    let outcome: 'completed' | 'failed' = 'failed';
    try {
      const parsed = handler.job.payload.parse(payload) as never;
      await withTimeout(handler.run(parsed, run), handler.job.timeoutMs);
      outcome = 'completed';
    } catch (error) {
      log.error({ err: serializeError(error), attempt, jobName: job.name }, 'job: failed');
      throw isFinal(error) ? new UnrecoverableError(String(error)) : error;
    } finally {
      observe?.(handler.job.queue, job.name, outcome, performance.now() - startedAt);
    }
  });
}

/** What the house says cannot succeed is not tried again; a surprise is. */
const isFinal = (error: unknown) =>
  error instanceof z.ZodError || (error instanceof AppError && !isRetryable(error));
