import type { Id } from '@insightdesk/shared/contract';
import type { z } from 'zod';
import { JobPriority } from './priority.ts';

/** All queues. */
export const queueNames = [
  'site-crawling',
  'ai-processing',
  'voice-processing',
  'email-sending',
  'analytics-aggregation',
  'media-processing',
  'media-conversion',
  'calendar-sync',
  'webhook-delivery',
  'maintenance',
] as const;
export type QueueName = (typeof queueNames)[number];

/** A limit on jobs with the same key. */
export interface JobLimit<P> {
  /** Such as the host that the job calls; the limit applies per organization. */
  key(payload: P): string;
  /** How many run at a time. */
  concurrent?: number;
  /** How many start in any window of `windowMs`. */
  rate?: { max: number; windowMs: number };
}

/** What enqueues a job: an event by its name, a schedule, another job, or the relay. */
export type JobTrigger = 'schedule' | 'job' | 'relay' | `${string}.${string}`;

/** A kind of job: its queue, payload and retries. */
export interface JobDefinition<
  N extends string = string,
  S extends z.ZodType = z.ZodType,
  T extends readonly JobTrigger[] = readonly JobTrigger[],
> {
  readonly type: 'job';
  readonly name: N;
  readonly queue: QueueName;
  readonly payload: S;
  readonly attempts: number;
  /** Delay before the first retry; doubles each time, with jitter. */
  readonly backoffMs: number;
  readonly timeoutMs: number;
  readonly priority: JobPriority;
  readonly limit?: JobLimit<z.output<S>>;
  /** The part of one worker's slots that an organization may use for this job, over all workers. */
  readonly organizationShare?: number;
  readonly triggeredBy: T;
}

/** The tenant of a job; `system` for jobs without one. */
export type JobOwner = Id<'org'> | 'system';

/** The part of a job definition that queues use. */
export type QueuedJob = Pick<
  JobDefinition,
  'name' | 'queue' | 'attempts' | 'backoffMs' | 'priority'
>;

/** A job to enqueue; the same `id` is accepted once. */
export interface JobRequest {
  job: QueuedJob;
  id: string;
  tenantId: JobOwner;
  requestId: string;
  payload: unknown;
  /** `traceparent` of the cause; by default that of the caller. */
  trace?: string;
  delayMs?: number;
  priority?: JobPriority;
  /** Jobs that must end first, and what happens when one of them fails for good. */
  dependsOn?: { jobs: JobRequest[]; onFailure: ChildFailurePolicy };
}

/**
 * What happens to a job when one that it depends on fails for good: `fail` fails it too, `ignore`
 * runs it anyway, `compensate` runs it after all others have ended and passes it the failures.
 */
export type ChildFailurePolicy = 'fail' | 'ignore' | 'compensate';

type OptionalField =
  | 'attempts'
  | 'backoffMs'
  | 'timeoutMs'
  | 'priority'
  | 'limit'
  | 'organizationShare';

/** Defines a job; by default 3 attempts, 2 s exponential backoff and a 30 s timeout. */
export function defineJob<
  N extends string,
  S extends z.ZodType,
  const T extends readonly JobTrigger[] = readonly [],
>(
  description: { name: N; queue: QueueName; payload: S; triggeredBy?: T } & Partial<
    Pick<JobDefinition<N, S>, OptionalField>
  >,
): JobDefinition<N, S, T> {
  return {
    type: 'job',
    triggeredBy: [] as readonly JobTrigger[] as T,
    attempts: 3,
    backoffMs: 2000,
    timeoutMs: 30_000,
    priority: JobPriority.NORMAL,
    ...description,
  };
}

interface JobOptions {
  delayMs?: number;
  priority?: JobPriority;
  /** Distinguishes jobs of the same name with the same cause. */
  suffix?: string;
}

/** A request for `job` caused by an event; a replay of the event gives the same id. */
export function jobFor<J extends JobDefinition>(
  cause: { id: string; tenantId: JobOwner; requestId: string; trace?: string | undefined },
  job: J,
  payload: z.input<J['payload']>,
  { suffix, ...options }: JobOptions = {},
): JobRequest {
  const { tenantId, requestId, trace } = cause;
  const id = [cause.id, job.name, suffix].filter(Boolean).join('-');
  const request = { job, id, tenantId, requestId, payload: job.payload.parse(payload) };
  return { ...request, ...(trace && { trace }), ...options };
}

/** Runs jobs one after another; `onFailure` applies to each of them. */
export function chainJobs(jobs: readonly JobRequest[], onFailure: ChildFailurePolicy): JobRequest {
  const [first, ...rest] = jobs;
  if (!first) throw new RangeError('A chain needs at least one job');
  return rest.reduce(
    (previous, next) => ({ ...next, dependsOn: { jobs: [previous], onFailure } }),
    first,
  );
}
