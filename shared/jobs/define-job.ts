import type { Id } from '@insightdesk/shared/utils';
import type { z } from 'zod';

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

/** A kind of work: its queue, the shape of its payload, and how failure is met. */
export interface JobDefinition<N extends string = string, S extends z.ZodType = z.ZodType> {
  readonly type: 'job';
  readonly name: N;
  readonly queue: QueueName;
  readonly payload: S;
  readonly attempts: number;
  /** Delay before the first retry; doubled each time, with jitter. */
  readonly backoffMs: number;
  readonly timeoutMs: number;
}

/** One piece of work to be done; the same `id` is accepted once. */
export interface JobRequest {
  job: JobDefinition;
  id: string;
  tenantId: Id<'org'>;
  requestId: string;
  payload: unknown;
  delayMs?: number;
}

/** Describes work; 3 attempts, 2 s exponential backoff and a 30 s timeout unless said otherwise. */
export function defineJob<N extends string, S extends z.ZodType>(
  description: { name: N; queue: QueueName; payload: S } & Partial<
    Pick<JobDefinition, 'attempts' | 'backoffMs' | 'timeoutMs'>
  >,
): JobDefinition<N, S> {
  return { type: 'job', attempts: 3, backoffMs: 2000, timeoutMs: 30_000, ...description };
}

/** A request for `job` that follows from an event: replaying the event enqueues nothing new. */
export function jobFor<J extends JobDefinition>(
  cause: { id: string; tenantId: Id<'org'>; requestId: string },
  job: J,
  payload: z.input<J['payload']>,
  options: { delayMs?: number; suffix?: string } = {},
): JobRequest {
  const { delayMs, suffix } = options;
  return {
    job,
    id: [cause.id, job.name, suffix].filter(Boolean).join('-'),
    tenantId: cause.tenantId,
    requestId: cause.requestId,
    payload: job.payload.parse(payload),
    ...(delayMs !== undefined && { delayMs }),
  };
}
