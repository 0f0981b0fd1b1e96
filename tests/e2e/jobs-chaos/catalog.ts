import { DomainBusinessRuleError } from '@insightdesk/shared/errors';
import { defineEvent, type RecordedEvent, record } from '@insightdesk/shared/events';
import {
  type ChildFailurePolicy,
  defineJob,
  type JobDefinition,
  type JobRequest,
  type JobRun,
  jobFor,
} from '@insightdesk/shared/jobs';
import { z } from 'zod';

/** The expected outcome of a job; `reason` is part of its reason of failure. */
export interface Outcome {
  reason?: string;
  /** Whether it calls the external service once. */
  callsExternal?: boolean;
  /** Whether it records one event. */
  writes?: boolean;
}

const payload = z.object({ n: z.number() });
export const jobsRequested = defineEvent('chaos.requested', payload);
export const rowWritten = defineEvent('chaos.written', z.object({ job: z.string() }));
type RequestedEvent = Pick<
  RecordedEvent<typeof jobsRequested>,
  'id' | 'tenantId' | 'requestId' | 'payload'
>;
type Work = (n: number, run: JobRun) => Promise<unknown>;

export interface Environment {
  /** Calls the external service with an idempotency key. */
  callExternal(key: string, run: JobRun, limit?: string): Promise<unknown>;
}

const policies: ChildFailurePolicy[] = ['fail', 'ignore', 'compensate'];
const KEYS = 8;
const REFUSAL = 'The job is refused';

/** Each job has its own queue, because a queue retains only its newest 1,000 completed jobs. */
const job = (name: string, queue: JobDefinition['queue'], more: Partial<JobDefinition> = {}) =>
  defineJob({ name, queue, payload, backoffMs: 50, ...more });
const jobs = {
  plain: job('plain', 'site-crawling'),
  external: job('external', 'ai-processing'),
  row: job('row', 'voice-processing'),
  flaky: job('flaky', 'email-sending'),
  refused: job('refused', 'analytics-aggregation'),
  failing: job('failing', 'analytics-aggregation'),
  parent: job('parent', 'media-processing'),
  child: job('child', 'maintenance'),
  limited: job('limited', 'calendar-sync', {
    limit: { key: (input) => keyOf((input as { n: number }).n), concurrent: 2 },
  }),
  delayed: job('delayed', 'webhook-delivery'),
};
const keyOf = (n: number) => `key-${n % KEYS}`;

const write: Work = (_, { id, tenantId, requestId, once }) =>
  once('row', (tx) => record({ tx, tenantId, requestId }, rowWritten, { job: id }));

/** The handlers of all jobs. */
export function createHandlers({ callExternal }: Environment) {
  const work: Record<keyof typeof jobs, Work> = {
    plain: async () => Bun.sleep(5),
    external: (_, run) => run.step('call', (key) => callExternal(key, run)),
    row: write,
    async flaky(n, run) {
      await write(n, run);
      await run.step('call', (key) => callExternal(key, run));
      if (run.attempt <= 2) throw new Error(`attempt ${run.attempt}`);
    },
    async refused() {
      throw new DomainBusinessRuleError(REFUSAL, { code: 'REFUSED' });
    },
    async failing() {
      throw new Error('The job always fails');
    },
    async parent(n, run) {
      const failures = Object.values(await run.failures());
      await write(n, run);
      return failures;
    },
    child: (_, run) => run.step('call', (key) => callExternal(key, run)),
    limited: (n, run) =>
      run.step('call', (key) => callExternal(key, run, `${run.tenantId} ${keyOf(n)}`)),
    delayed: write,
  };
  const entries = Object.entries(jobs).map(([name, definition]) => {
    const run = ({ n }: { n: number }, jobRun: JobRun) =>
      work[name as keyof typeof jobs](n, jobRun);
    return [name, { job: definition, run }];
  });
  return Object.fromEntries(entries) as Record<
    string,
    { job: JobDefinition; run(payload: never, run: JobRun): Promise<unknown> }
  >;
}

/** The jobs of an event and their expected outcomes: 1.6 jobs on average. */
export function planJobs(event: RequestedEvent): { job: JobRequest; outcome: Outcome }[] {
  const { n } = event.payload;
  const createRequest = (definition: JobDefinition, more = {}) =>
    jobFor(event, definition, { n }, more);
  const single = (definition: JobDefinition, outcome: Outcome, more = {}) => [
    { job: createRequest(definition, more), outcome },
  ];
  switch (n % 10) {
    case 0:
      return single(jobs.plain, {});
    case 1:
      return single(jobs.external, { callsExternal: true });
    case 2:
      return single(jobs.row, { writes: true });
    case 3:
      return single(jobs.flaky, { callsExternal: true, writes: true });
    case 4:
      return single(n % 20 < 10 ? jobs.refused : jobs.failing, {
        reason: n % 20 < 10 ? REFUSAL : 'The job always fails',
      });
    case 5:
      return single(jobs.limited, { callsExternal: true });
    case 6:
      return single(jobs.delayed, { writes: true }, { delayMs: 200 + ((n * 7919) % 4_000) });
    default:
      return planFamily(n, createRequest);
  }
}

/** A parent with two children, one of which fails permanently in three of four cases. */
function planFamily(n: number, createRequest: (job: JobDefinition, more?: object) => JobRequest) {
  const onFailure = policies[(n % 10) - 7] as ChildFailurePolicy;
  const fails = Math.floor(n / 10) % 4 !== 0;
  const child = { job: createRequest(jobs.child), outcome: { callsExternal: true } };
  const secondChild = fails
    ? {
        job: createRequest(jobs.failing, { suffix: 'child' }),
        outcome: { reason: 'The job always fails' },
      }
    : { job: createRequest(jobs.plain, { suffix: 'child' }), outcome: {} };
  const isLost = fails && onFailure === 'fail';
  const dependsOn = { jobs: [child.job, secondChild.job], onFailure };
  const parent = {
    job: { ...createRequest(jobs.parent), dependsOn },
    outcome: isLost ? { reason: 'child' } : { writes: true },
  };
  return [parent, child, secondChild] as { job: JobRequest; outcome: Outcome }[];
}

/** The first job of an event, which contains the jobs that it depends on. */
export const listJobs = (event: RecordedEvent): JobRequest[] =>
  event.name === jobsRequested.name
    ? planJobs(event as RequestedEvent)
        .slice(0, 1)
        .map(({ job }) => job)
    : [];
