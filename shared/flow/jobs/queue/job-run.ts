import type { Id } from '@insightdesk/shared/contract';
import type { Job } from 'bullmq';
import type { JobOwner, JobRequest, QueueName } from '../definition/define-job.ts';
import type { Envelope } from '../definition/envelope.ts';
import { parseBullId, parseJobKey } from '../definition/job-keys.ts';
import type { Cancellation } from './cancellation.ts';
import { createSteps, type InTenant, noSteps, type Steps } from './steps.ts';

/** One run of a job. */
export interface JobRun extends Steps {
  id: string;
  /** Throws in a system job. */
  readonly tenantId: Id<'org'>;
  requestId: string;
  /** From 1. */
  attempt: number;
  /** Aborted when the job times out or is cancelled. */
  signal: AbortSignal;
  /** Waits for something, such as a slot, without the clock of the timeout. */
  untimed(waiting: Promise<void>): Promise<void>;
  /** The results of the jobs it depends on, by their ids. */
  results(): Promise<Record<string, unknown>>;
  /** Why jobs it depends on failed, by their ids; empty unless the policy is `compensate`. */
  failures(): Promise<Record<string, string>>;
  /** Enqueues more jobs; their ids must derive from this job's id. */
  enqueue(requests: JobRequest[]): Promise<void>;
  /** Publishes the progress, 0 to 100. */
  progress(percent: number): Promise<void>;
  /** Adds a line to the job's own log. */
  log(line: string): Promise<void>;
}

/** A status change of a job, for metrics and for clients that watch it. */
export interface JobStatusEvent {
  queue: QueueName;
  name: string;
  id: string;
  tenantId: JobOwner;
  /** `delayed`: the attempt ended without effect, because a dependency is unavailable. */
  state: 'active' | 'completed' | 'failed' | 'delayed' | 'progress';
  attempt: number;
  percent?: number;
  /** Duration in milliseconds, at the end. */
  ms?: number;
}

interface RunParts {
  cancellation: Cancellation;
  /** Runs work in a transaction of a tenant. */
  inTenant: InTenant;
  enqueue(requests: JobRequest[]): Promise<void>;
  onProgress(percent: number): void;
}

/** Builds what the handler of a job receives. */
export function createJobRun(
  job: Job<Envelope>,
  { cancellation, inTenant, enqueue, onProgress }: RunParts,
): JobRun {
  const { id, tenantId } = parseBullId(job.id as string);
  const steps = tenantId === 'system' ? noSteps : createSteps(inTenant, { id, tenantId });
  return {
    id,
    get tenantId() {
      if (tenantId === 'system') throw new TypeError(`${job.name} is a system job`);
      return tenantId;
    },
    step: steps.step,
    once: steps.once,
    requestId: job.data.requestId,
    attempt: job.attemptsMade + 1,
    get signal() {
      return cancellation.signal;
    },
    untimed: cancellation.untimed,
    enqueue,
    results: async () => byId(await job.getChildrenValues()),
    failures: async () =>
      job.data.onFailure === 'compensate' ? byId(await job.getIgnoredChildrenFailures()) : {},
    async progress(percent) {
      await job.updateProgress(percent);
      onProgress(percent);
    },
    async log(line) {
      await job.log(line);
    },
  };
}

/** BullMQ returns the values of children by their keys. */
function byId<T>(values: Record<string, T>): Record<string, T> {
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([key, value]) => [parseJobKey(key).id, value]));
}
