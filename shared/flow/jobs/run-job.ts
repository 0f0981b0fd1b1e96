import type { Id } from '@insightdesk/shared/contract';
import { AppError, isRetryable, serializeError } from '@insightdesk/shared/errors';
import { type Logger, withContext } from '@insightdesk/shared/logging';
import { withTimeout } from '@insightdesk/shared/promises';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { z } from 'zod';
import type { JobDefinition, JobOwner, JobRequest, QueueName } from './define-job.ts';
import { parseBullId } from './ids.ts';
import type { KeyLimits } from './key-limits.ts';
import type { Envelope } from './queues.ts';
import { createSteps, type InTenant, noSteps, type Steps } from './steps.ts';

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
  log: Logger;
  observe?(news: JobNews): void;
}

const LEASE_GRACE_MS = 30_000;

/** Runs one job that BullMQ handed out, and says what becomes of it by what it throws. */
export async function runJob(
  job: Job<Envelope>,
  token: string,
  cancelled: AbortSignal,
  options: RunOptions,
): Promise<unknown> {
  const handler = options.handlers[job.name];
  if (!handler) throw new UnrecoverableError(`No handler for ${job.name}`);
  if (job.data.cancelledBy) throw new UnrecoverableError(`Cancelled by ${job.data.cancelledBy}`);
  const { tenantId, requestId } = job.data;
  const { id } = parseBullId(job.id as string);
  const parsed = handler.job.payload.safeParse(job.data.payload);
  if (!parsed.success) throw new UnrecoverableError(z.prettifyError(parsed.error));
  const { limit, timeoutMs } = handler.job;
  const key = limit && `${tenantId}:${job.name}:${limit.key(parsed.data)}`;
  if (limit && key) {
    const waitMs = await options.limits.enter(key, id, limit, timeoutMs + LEASE_GRACE_MS);
    if (waitMs > 0) {
      await job.moveToDelayed(Date.now() + waitMs, token);
      throw new DelayedError();
    }
  }
  try {
    return await withContext({ requestId, tenantId, job: id }, () =>
      carryOut(job, handler, parsed.data, { cancelled, options }),
    );
  } finally {
    if (key) await options.limits.leave(key, id).catch(() => {});
  }
}

async function carryOut(
  job: Job<Envelope>,
  { job: { queue, timeoutMs }, run }: Handler,
  payload: unknown,
  { cancelled, options }: { cancelled: AbortSignal; options: RunOptions },
): Promise<unknown> {
  const { log, observe } = options;
  const { id, tenantId } = parseBullId(job.id as string);
  const attempt = job.attemptsMade + 1;
  const startedAt = performance.now();
  const news = { queue, name: job.name, id, tenantId: tenantId as JobOwner, attempt };
  const tell = (state: JobNews['state'], more?: Partial<JobNews>) =>
    observe?.({ ...news, state, ...more });
  tell('active');
  try {
    const jobRun = createRun(job, cancelled, options, (percent) => tell('progress', { percent }));
    const result = await withTimeout(run(payload as never, jobRun), timeoutMs, cancelled);
    tell('completed', { ms: performance.now() - startedAt });
    return result;
  } catch (error) {
    tell('failed', { ms: performance.now() - startedAt });
    if (cancelled.aborted) throw new UnrecoverableError(String(cancelled.reason));
    log.error({ err: serializeError(error), attempt, jobName: job.name }, 'job: failed');
    throw isFinal(error) ? new UnrecoverableError(String(error)) : error;
  }
}

function createRun(
  job: Job<Envelope>,
  cancelled: AbortSignal,
  { inTenant, enqueue, handlers }: RunOptions,
  tell: (percent: number) => void,
): JobRun {
  const { id, tenantId } = parseBullId(job.id as string);
  const timeoutMs = handlers[job.name]?.job.timeoutMs ?? 0;
  const endsAt = performance.now() + timeoutMs;
  let signal: AbortSignal | undefined;
  return {
    id,
    get tenantId() {
      if (tenantId === 'system') throw new TypeError(`${job.name} is a job of the system`);
      return tenantId as Id<'org'>;
    },
    ...(tenantId === 'system'
      ? noSteps
      : createSteps(inTenant, { id, tenantId: tenantId as Id<'org'> })),
    requestId: job.data.requestId,
    attempt: job.attemptsMade + 1,
    // Most jobs never ask for it, and it is the dearest part of a run.
    get signal() {
      const leftMs = Math.max(0, Math.ceil(endsAt - performance.now()));
      signal ??= AbortSignal.any([AbortSignal.timeout(leftMs), cancelled]);
      return signal;
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

/** BullMQ names children by their keys, `prefix:queue:id`. */
function byId<T>(values: Record<string, T>): Record<string, T> {
  const entries = Object.entries(values);
  return Object.fromEntries(
    entries.map(([key, value]) => [parseBullId(key.slice(key.lastIndexOf(':') + 1)).id, value]),
  );
}

/** What the house says cannot succeed is not tried again; a surprise is. */
const isFinal = (error: unknown) =>
  error instanceof z.ZodError || (error instanceof AppError && !isRetryable(error));
