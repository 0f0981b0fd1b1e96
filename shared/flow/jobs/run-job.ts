import type { Id } from '@insightdesk/shared/contract';
import { AppError, isRetryable, UnavailableError } from '@insightdesk/shared/errors';
import { type Logger, withContext } from '@insightdesk/shared/logging';
import { enterTrace } from '@insightdesk/shared/tracing';
import type { Job } from 'bullmq';
import { z } from 'zod';
import { bullmq } from './bullmq.ts';
import type { JobDefinition, JobOwner, JobRequest, QueueName } from './define-job.ts';
import { parseBullId, parseJobKey } from './ids.ts';
import type { KeyLimits } from './key-limits.ts';
import type { Envelope } from './queues.ts';
import { createRunStop, type RunStop } from './run-stop.ts';
import { createSteps, type InTenant, noSteps, type Steps } from './steps.ts';
import { isFull, waitOut } from './wait-out.ts';

/** One run of a job. */
export interface JobRun extends Steps {
  id: string;
  /** Throws in a job of the system, which belongs to nobody. */
  readonly tenantId: Id<'org'>;
  requestId: string;
  /** From 1. */
  attempt: number;
  /** Aborted when the job has used up its time or somebody cancelled it. */
  signal: AbortSignal;
  /** What the jobs before it gave, by their ids; see `JobRequest.after`. */
  results(): Promise<Record<string, unknown>>;
  /** Why jobs before it failed for good, by their ids; empty unless the policy says `compensate`. */
  failures(): Promise<Record<string, string>>;
  /** Accepts further work; ids must derive from this job's id. */
  enqueue(requests: JobRequest[]): Promise<void>;
  /** Tells how far it is, 0 to 100, to whoever watches. */
  progress(percent: number): Promise<void>;
  /** Adds a line to the job's own log. */
  log(line: string): Promise<void>;
}

/** What happened to a job, for metrics and for whoever watches it. */
export interface JobNews {
  queue: QueueName;
  name: string;
  id: string;
  tenantId: JobOwner;
  state: 'active' | 'completed' | 'failed' | 'progress';
  attempt: number;
  percent?: number;
  /** Run time in milliseconds, at the end. */
  ms?: number;
}

export type Handler = { job: JobDefinition; run(payload: never, run: JobRun): Promise<unknown> };

export interface RunOptions {
  handlers: Record<string, Handler>;
  enqueue(requests: JobRequest[]): Promise<void>;
  /** Runs work in a transaction of a tenant. */
  inTenant: InTenant;
  limits: KeyLimits;
  /** What runs at the moment in this process, by BullMQ's ids. */
  running: Map<string, Pick<RunStop, 'cancel'>>;
  log: Logger;
  observe?(news: JobNews): void;
}

const LEASE_GRACE_MS = 30_000;

const unrecoverable = (why: string) => new (bullmq().UnrecoverableError)(why);

const unknown = (name: string) =>
  new UnavailableError(`No handler for ${name}`, { code: 'WORKER_UNAVAILABLE' });

/**
 * Runs one job that BullMQ handed out, and says what becomes of it by what it throws. A full Valkey
 * or a database, storage, mail server or antivirus that is away is no failure of the job's: it comes
 * again, and its attempts are not used up by that; nor by a worker that does not know it, because it
 * is of another release.
 */
export async function runJob(
  job: Job<Envelope>,
  token: string,
  options: RunOptions,
): Promise<unknown> {
  try {
    return await runOnce(job, token, options);
  } catch (error) {
    const waitMs = waitOut(error, job);
    if (waitMs === undefined) throw error;
    // Where there is no room even for that, its lease runs out and it is taken over.
    await job.moveToDelayed(Date.now() + waitMs, token).catch(() => {});
    throw new (bullmq().DelayedError)();
  }
}

async function runOnce(job: Job<Envelope>, token: string, options: RunOptions): Promise<unknown> {
  const handler = options.handlers[job.name];
  if (job.data.cancelledBy) throw unrecoverable(`Cancelled by ${job.data.cancelledBy}`);
  if (!handler) throw unknown(job.name);
  const { tenantId, id } = parseBullId(job.id as string);
  const parsed = handler.job.payload.safeParse(job.data.payload);
  if (!parsed.success) throw unrecoverable(z.prettifyError(parsed.error));
  const { limit, timeoutMs } = handler.job;
  const key = limit && `${tenantId}:${job.name}:${limit.key(parsed.data)}`;
  if (limit && key) {
    const waitMs = await options.limits.enter(key, id, limit, timeoutMs + LEASE_GRACE_MS);
    if (waitMs > 0) {
      await job.moveToDelayed(Date.now() + waitMs, token);
      throw new (bullmq().DelayedError)();
    }
  }
  try {
    return await enterTrace(spanOf(job), () =>
      withContext({ requestId: job.data.requestId, tenantId, job: id }, () =>
        carryOut(job, handler, parsed.data, options),
      ),
    );
  } finally {
    if (key) await options.limits.leave(key, id).catch(() => {});
  }
}

const spanOf = (job: Job<Envelope>) => ({
  name: `job ${job.name}`,
  kind: 'consumer' as const,
  parent: job.data.trace,
  attributes: {
    'job.id': job.id,
    'job.queue': job.queueName,
    'job.attempt': job.attemptsMade + 1,
    'request.id': job.data.requestId,
  },
});

async function carryOut(
  job: Job<Envelope>,
  { job: { queue, timeoutMs }, run }: Handler,
  payload: unknown,
  options: RunOptions,
): Promise<unknown> {
  const { log, observe, running } = options;
  const bullId = job.id as string;
  const { id, tenantId } = parseBullId(bullId);
  const attempt = job.attemptsMade + 1;
  const startedAt = performance.now();
  const about = { queue, name: job.name, id, tenantId, attempt };
  const passed = () => performance.now() - startedAt;
  const stop = createRunStop(timeoutMs);
  const jobRun = createRun(job, stop, options, (percent) =>
    observe?.({ ...about, state: 'progress', percent }),
  );
  observe?.({ ...about, state: 'active' });
  running.set(bullId, stop);
  try {
    const result = await stop.guard(() => run(payload as never, jobRun));
    observe?.({ ...about, state: 'completed', ms: passed() });
    return result;
  } catch (error) {
    observe?.({ ...about, state: 'failed', ms: passed() });
    if (stop.cancelledBy) throw unrecoverable(stop.cancelledBy);
    log.error({ err: error, attempt, jobName: job.name }, 'job: failed');
    throw isFinal(error) && !isFull(error) ? unrecoverable(String(error)) : error;
  } finally {
    if (running.get(bullId) === stop) running.delete(bullId);
  }
}

function createRun(
  job: Job<Envelope>,
  stop: RunStop,
  { inTenant, enqueue }: RunOptions,
  tell: (percent: number) => void,
): JobRun {
  const { id, tenantId } = parseBullId(job.id as string);
  const steps = tenantId === 'system' ? noSteps : createSteps(inTenant, { id, tenantId });
  return {
    id,
    get tenantId() {
      if (tenantId === 'system') throw new TypeError(`${job.name} is a job of the system`);
      return tenantId;
    },
    step: steps.step,
    once: steps.once,
    requestId: job.data.requestId,
    attempt: job.attemptsMade + 1,
    get signal() {
      return stop.signal;
    },
    enqueue,
    results: async () => byId(await job.getChildrenValues()),
    failures: async () =>
      job.data.onFailure === 'compensate' ? byId(await job.getIgnoredChildrenFailures()) : {},
    async progress(percent) {
      await job.updateProgress(percent);
      tell(percent);
    },
    async log(line) {
      await job.log(line);
    },
  };
}

/** BullMQ names children by their keys. */
function byId<T>(values: Record<string, T>): Record<string, T> {
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([key, value]) => [parseJobKey(key).id, value]));
}

/** What the house says cannot succeed is not tried again; a surprise is. */
const isFinal = (error: unknown) =>
  error instanceof z.ZodError || (error instanceof AppError && !isRetryable(error));
