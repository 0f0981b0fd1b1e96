import { outageCode as dependencyCode } from '@insightdesk/shared/errors';
import type { Job } from 'bullmq';

const MIN_DELAY_MS = 2_000;
const MAX_DELAY_MS = 600_000;
const BACKOFF_FACTOR = 1.5;
/** An outage of anything but Valkey and the database fails the job after a day. */
const OUTAGE_TIMEOUT_MS = 86_400_000;

type JobTimes = Pick<Job, 'timestamp' | 'attemptsStarted' | 'attemptsMade'> & {
  opts: Pick<Job['opts'], 'delay'>;
};

/**
 * The delay before a job runs again that failed because a dependency is full or unavailable;
 * undefined when the job failed for another reason or the outage lasts too long.
 */
export function outageDelayMs(error: unknown, job: JobTimes, now = Date.now()): number | undefined {
  const outage = outageCode(error);
  // Without a database no job could end either.
  if (outage === VALKEY_FULL || outage === 'DATABASE_UNAVAILABLE') return MIN_DELAY_MS;
  if (!outage || now > job.timestamp + (job.opts.delay ?? 0) + OUTAGE_TIMEOUT_MS) return undefined;
  const delays = job.attemptsStarted - job.attemptsMade - 1;
  return Math.min(MAX_DELAY_MS, MIN_DELAY_MS * BACKOFF_FACTOR ** delays);
}

const VALKEY_FULL = 'VALKEY_FULL';

/** The code of an unavailable dependency or of a full Valkey; undefined for any other error. */
export const outageCode = (error: unknown): string | undefined =>
  isValkeyFull(error) ? VALKEY_FULL : dependencyCode(error);

/** Whether Valkey has reached its `maxmemory`, also as the cause of another error. */
function isValkeyFull(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 4) return false;
  if (/\bOOM command/.test(error.message)) return true;
  const { errors = [], previousErrors = [] } = error as Error & {
    errors?: unknown[];
    previousErrors?: unknown[];
  };
  const causes = [error.cause, ...errors, ...previousErrors];
  return causes.some((cause) => isValkeyFull(cause, depth + 1));
}
