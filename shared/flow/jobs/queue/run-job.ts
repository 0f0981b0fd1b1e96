import { AppError, isRetryable, UnavailableError } from '@insightdesk/shared/errors';
import { type Logger, withContext } from '@insightdesk/shared/logging';
import { startTrace } from '@insightdesk/shared/tracing';
import type { Job } from 'bullmq';
import { z } from 'zod';
import { loadBullmq } from '../definition/bullmq.ts';
import type { JobDefinition, JobRequest, QueueName } from '../definition/define-job.ts';
import type { Envelope } from '../definition/envelope.ts';
import { type JobKey, parseBullId } from '../definition/job-keys.ts';
import { acquireSlots } from './acquire-slots.ts';
import { type Cancellation, createCancellation } from './cancellation.ts';
import type { createOutageLog } from './create-outage-log.ts';
import { createJobRun, type JobRun, type JobStatusEvent } from './job-run.ts';
import type { KeyLimits } from './key-limits.ts';
import { outageCode, outageDelayMs } from './retry-on-outage.ts';
import type { InTenant } from './steps.ts';

export type Handler = { job: JobDefinition; run(payload: never, run: JobRun): Promise<unknown> };

export interface RunOptions {
  handlers: Record<string, Handler>;
  enqueue(requests: JobRequest[]): Promise<void>;
  /** Runs work in a transaction of a tenant. */
  inTenant: InTenant;
  limits: KeyLimits;
  /** How many jobs of a queue one worker runs at a time. */
  concurrency: number;
  /** Runs a delayed job as soon as possible. */
  promote(queue: QueueName, key: JobKey): Promise<void>;
  /** The running jobs of this process, by BullMQ's ids. */
  running: Map<string, Pick<Cancellation, 'cancel'>>;
  log: Logger;
  logOutage: ReturnType<typeof createOutageLog>;
  observe?(event: JobStatusEvent): void;
}

const unrecoverable = (reason: string) => new (loadBullmq().UnrecoverableError)(reason);

const noHandler = (name: string) =>
  new UnavailableError(`No handler for ${name}`, { code: 'WORKER_UNAVAILABLE' });

/**
 * Runs one job of BullMQ; what it throws decides how the job goes on. A full Valkey, an unavailable
 * dependency and a worker of another release that does not know the job use up no attempts: the job
 * is delayed and runs again.
 */
export async function runJob(
  job: Job<Envelope>,
  token: string,
  options: RunOptions,
): Promise<unknown> {
  try {
    return await runOnce(job, token, options);
  } catch (error) {
    const delayMs = outageDelayMs(error, job);
    if (delayMs === undefined) throw error;
    options.logOutage(outageCode(error) ?? '', error, job.name);
    // If Valkey is too full even for this, the job's lock expires and another worker takes it over.
    await job.moveToDelayed(Date.now() + delayMs, token).catch(() => {});
    throw new (loadBullmq().DelayedError)();
  }
}

async function runOnce(job: Job<Envelope>, token: string, options: RunOptions): Promise<unknown> {
  const handler = options.handlers[job.name];
  if (job.data.cancelledBy) throw unrecoverable(`Cancelled by ${job.data.cancelledBy}`);
  if (!handler) throw noHandler(job.name);
  const { tenantId, id } = parseBullId(job.id as string);
  const parsed = handler.job.payload.safeParse(job.data.payload);
  if (!parsed.success) throw unrecoverable(z.prettifyError(parsed.error));
  const slots = await acquireSlots(handler.job, { tenantId, id }, parsed.data, options);
  if (slots.waitMs > 0) {
    await job.moveToDelayed(Date.now() + slots.waitMs, token);
    throw new (loadBullmq().DelayedError)();
  }
  try {
    return await startTrace(spanOf(job), () =>
      withContext({ requestId: job.data.requestId, tenantId, job: id }, () =>
        callHandler(job, handler, parsed.data, options),
      ),
    );
  } finally {
    await slots.release();
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

async function callHandler(
  job: Job<Envelope>,
  { job: { queue, timeoutMs }, run }: Handler,
  payload: unknown,
  { log, observe, running, inTenant, enqueue }: RunOptions,
): Promise<unknown> {
  const bullId = job.id as string;
  const { id, tenantId } = parseBullId(bullId);
  const attempt = job.attemptsMade + 1;
  const startedAt = performance.now();
  const status = { queue, name: job.name, id, tenantId, attempt };
  const durationMs = () => performance.now() - startedAt;
  const cancellation = createCancellation(timeoutMs);
  const onProgress = (percent: number) => observe?.({ ...status, state: 'progress', percent });
  const jobRun = createJobRun(job, { cancellation, inTenant, enqueue, onProgress });
  observe?.({ ...status, state: 'active' });
  running.set(bullId, cancellation);
  try {
    const result = await cancellation.run(() => run(payload as never, jobRun));
    observe?.({ ...status, state: 'completed', ms: durationMs() });
    return result;
  } catch (error) {
    const isDelayed = !cancellation.reason && outageDelayMs(error, job) !== undefined;
    observe?.({ ...status, state: isDelayed ? 'delayed' : 'failed', ms: durationMs() });
    if (isDelayed) throw error;
    if (cancellation.reason) throw unrecoverable(cancellation.reason);
    log.error({ err: error, attempt, jobName: job.name }, 'jobs: job failed');
    throw isFinal(error) ? unrecoverable(String(error)) : error;
  } finally {
    if (running.get(bullId) === cancellation) running.delete(bullId);
  }
}

/** Invalid payloads, errors that are not retryable and outages that last too long are final. */
const isFinal = (error: unknown) =>
  error instanceof z.ZodError ||
  (error instanceof AppError && !isRetryable(error)) ||
  outageCode(error) !== undefined;
