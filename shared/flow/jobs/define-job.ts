import type { Id } from '@insightdesk/shared/contract';
import type { z } from 'zod';
import { JobPriority } from './priority.ts';

/** Every queue of the system. */
export const queueNames = [
  'site-crawling',
  'ai-processing',
  'voice-processing',
  'email-sending',
  'analytics-aggregation',
  'media-processing',
  'calendar-sync',
  'webhook-delivery',
  'maintenance',
] as const;
export type QueueName = (typeof queueNames)[number];

/** How many jobs with the same key may run at a time, or start within a window. */
export interface JobLimit<P> {
  /** Such as the host that is called; jobs of one organisation never wait for another's. */
  key(payload: P): string;
  /** At most so many run at a time. */
  concurrent?: number;
  /** At most so many start in any window of `windowMs`. */
  rate?: { max: number; windowMs: number };
}

/** What enqueues a job: an event by its name, a schedule, another job, or the relay itself. */
export type JobTrigger = 'schedule' | 'job' | 'relay' | `${string}.${string}`;

/** A kind of work: its queue, the shape of its payload, and how failure is met. */
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
  /** Delay before the first retry; doubled each time, with jitter. */
  readonly backoffMs: number;
  readonly timeoutMs: number;
  readonly priority: JobPriority;
  readonly limit?: JobLimit<z.output<S>>;
  readonly triggeredBy: T;
}

/** Whose a job is: an organisation's, or the system's own. */
export type JobOwner = Id<'org'> | 'system';

/** What a queue has to know of a kind of work. */
export type QueuedJob = Pick<
  JobDefinition,
  'name' | 'queue' | 'attempts' | 'backoffMs' | 'priority'
>;

/** One piece of work to be done; the same `id` is accepted once. */
export interface JobRequest {
  job: QueuedJob;
  id: string;
  tenantId: JobOwner;
  requestId: string;
  payload: unknown;
  /** `traceparent` of what it follows from; of what enqueues it unless said. */
  trace?: string;
  delayMs?: number;
  priority?: JobPriority;
  /** What must be done before; and what becomes of this job when one of that fails for good. */
  after?: { jobs: JobRequest[]; onFailure: ChildFailurePolicy };
}

/**
 * When a job that another waits for has failed for good: `fail` fails the waiting one too, `ignore`
 * runs it all the same, and so does `compensate`, once all have ended, so that nothing is done while
 * it is undone, and tells it what failed.
 */
export type ChildFailurePolicy = 'fail' | 'ignore' | 'compensate';

type Optional = 'attempts' | 'backoffMs' | 'timeoutMs' | 'priority' | 'limit';

/** Describes work; 3 attempts, 2 s exponential backoff and a 30 s timeout unless said otherwise. */
export function defineJob<
  N extends string,
  S extends z.ZodType,
  const T extends readonly JobTrigger[] = readonly [],
>(
  description: { name: N; queue: QueueName; payload: S; triggeredBy?: T } & Partial<
    Pick<JobDefinition<N, S>, Optional>
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
  /** Tells jobs of the same name apart that follow from one event. */
  suffix?: string;
}

/** A request for `job` that follows from an event: replaying the event enqueues nothing new. */
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

/** Jobs one after another: each waits for the one before, and `onFailure` holds for every link. */
export function chainJob(jobs: readonly JobRequest[], onFailure: ChildFailurePolicy): JobRequest {
  const [first, ...rest] = jobs;
  if (!first) throw new RangeError('A chain has at least one job');
  return rest.reduce((before, next) => ({ ...next, after: { jobs: [before], onFailure } }), first);
}
