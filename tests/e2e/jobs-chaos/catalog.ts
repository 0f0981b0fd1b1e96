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
  /** It calls the outside service once. */
  callsOutside?: boolean;
  /** It records one event. */
  writes?: boolean;
}

const payload = z.object({ n: z.number() });
export const jobsRequested = defineEvent('chaos.asked', payload);
export const rowWritten = defineEvent('chaos.written', z.object({ job: z.string() }));
type RequestedEvent = Pick<
  RecordedEvent<typeof jobsRequested>,
  'id' | 'tenantId' | 'requestId' | 'payload'
>;
type Work = (n: number, run: JobRun) => Promise<unknown>;

export interface Environment {
  /** Calls the outside service with an idempotency key. */
  callOutside(key: string, run: JobRun, limit?: string): Promise<unknown>;
}

const policies: ChildFailurePolicy[] = ['fail', 'ignore', 'compensate'];
const KEYS = 8;
const REFUSAL = 'It cannot be done';

/** The jobs, each with a queue of its own: a queue keeps its newest 1,000 completed jobs. */
const job = (name: string, queue: JobDefinition['queue'], more: Partial<JobDefinition> = {}) =>
  defineJob({ name, queue, payload, backoffMs: 50, ...more });
const jobs = {
  plain: job('plain', 'site-crawling'),
  outside: job('outside', 'ai-processing'),
  row: job('row', 'voice-processing'),
  flaky: job('flaky', 'email-sending'),
  refused: job('refused', 'analytics-aggregation'),
  hopeless: job('hopeless', 'analytics-aggregation'),
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

/** What is done for each job. */
export function createHandlers({ callOutside }: Environment) {
  const work: Record<keyof typeof jobs, Work> = {
    plain: async () => Bun.sleep(5),
    outside: (_, run) => run.step('tell', (key) => callOutside(key, run)),
    row: write,
    async flaky(n, run) {
      await write(n, run);
      await run.step('tell', (key) => callOutside(key, run));
      if (run.attempt <= 2) throw new Error(`attempt ${run.attempt}`);
    },
    async refused() {
      throw new DomainBusinessRuleError(REFUSAL, { code: 'REFUSED' });
    },
    async hopeless() {
      throw new Error('It never works');
    },
    async parent(n, run) {
      const failures = Object.values(await run.failures());
      await write(n, run);
      return failures;
    },
    child: (_, run) => run.step('tell', (key) => callOutside(key, run)),
    limited: (n, run) =>
      run.step('tell', (key) => callOutside(key, run, `${run.tenantId} ${keyOf(n)}`)),
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

/** What follows from an event, and what becomes of it in the end: 1.6 jobs, on average. */
export function planOf(event: RequestedEvent): { job: JobRequest; outcome: Outcome }[] {
  const { n } = event.payload;
  const make = (definition: JobDefinition, more = {}) => jobFor(event, definition, { n }, more);
  const single = (definition: JobDefinition, outcome: Outcome, more = {}) => [
    { job: make(definition, more), outcome },
  ];
  switch (n % 10) {
    case 0:
      return single(jobs.plain, {});
    case 1:
      return single(jobs.outside, { callsOutside: true });
    case 2:
      return single(jobs.row, { writes: true });
    case 3:
      return single(jobs.flaky, { callsOutside: true, writes: true });
    case 4:
      return single(n % 20 < 10 ? jobs.refused : jobs.hopeless, {
        reason: n % 20 < 10 ? REFUSAL : 'It never works',
      });
    case 5:
      return single(jobs.limited, { callsOutside: true });
    case 6:
      return single(jobs.delayed, { writes: true }, { delayMs: 200 + ((n * 7919) % 4_000) });
    default:
      return familyOf(n, make);
  }
}

/** A parent with two children, of which one fails for good in three families of four. */
function familyOf(n: number, make: (job: JobDefinition, more?: object) => JobRequest) {
  const onFailure = policies[(n % 10) - 7] as ChildFailurePolicy;
  const fails = Math.floor(n / 10) % 4 !== 0;
  const child = { job: make(jobs.child), outcome: { callsOutside: true } };
  const other = fails
    ? { job: make(jobs.hopeless, { suffix: 'child' }), outcome: { reason: 'It never works' } }
    : { job: make(jobs.plain, { suffix: 'child' }), outcome: {} };
  const isLost = fails && onFailure === 'fail';
  const dependsOn = { jobs: [child.job, other.job], onFailure };
  const parent = {
    job: { ...make(jobs.parent), dependsOn },
    outcome: isLost ? { reason: 'child' } : { writes: true },
  };
  return [parent, child, other] as { job: JobRequest; outcome: Outcome }[];
}

/** The job of an event, with those it waits for. */
export const reactTo = (event: RecordedEvent): JobRequest[] =>
  event.name === jobsRequested.name
    ? planOf(event as RequestedEvent)
        .slice(0, 1)
        .map(({ job }) => job)
    : [];
