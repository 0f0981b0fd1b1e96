import { awayCode } from '@insightdesk/shared/errors';
import type { Job } from 'bullmq';

/** How long a job waits that found Valkey full, or no database. */
const WAIT_MS = 2_000;
/** One that found something else away waits ever longer, for a day. */
const LONGEST_WAIT_MS = 600_000;
const PATIENCE_MS = 86_400_000;

type Tried = Pick<Job, 'timestamp' | 'attemptsStarted' | 'attemptsMade'> & {
  opts: Pick<Job['opts'], 'delay'>;
};

/**
 * How many milliseconds a job should wait that met this error, because what it needs is full or away;
 * undefined when the error is its own, or the waiting has to end.
 */
export function waitOut(error: unknown, job: Tried, now = Date.now()): number | undefined {
  const away = awayCode(error);
  // Without a database no job could end either.
  if (isFull(error) || away === 'DATABASE_UNAVAILABLE') return WAIT_MS;
  if (!away || now > job.timestamp + (job.opts.delay ?? 0) + PATIENCE_MS) return undefined;
  const waits = job.attemptsStarted - job.attemptsMade - 1;
  return Math.min(LONGEST_WAIT_MS, WAIT_MS * 1.5 ** waits);
}

/** Valkey has reached its `maxmemory`; the refusal may be wrapped. */
export function isFull(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 4) return false;
  if (/\bOOM command/.test(error.message)) return true;
  const { errors = [], previousErrors = [] } = error as Error & {
    errors?: unknown[];
    previousErrors?: unknown[];
  };
  return [error.cause, ...errors, ...previousErrors].some((one) => isFull(one, depth + 1));
}
