import type { Logger } from '@insightdesk/shared/logging';

/** Longer than any delay of a job that waits for a dependency. */
const QUIET_MS = 15 * 60_000;

/**
 * Logs the start of each outage once per process, however many jobs wait and for how long; metrics
 * count them. An outage is over when no job has failed by it for a quarter of an hour.
 */
export function createOutageLog(log: Logger, nowMs = Date.now) {
  const latest = new Map<string, number>();
  return (code: string, error: unknown, jobName: string): void => {
    const now = nowMs();
    const before = latest.get(code);
    latest.set(code, now);
    if (before !== undefined && now - before <= QUIET_MS) return;
    log.warn({ err: error, code, jobName }, 'jobs: a dependency is unavailable, its jobs wait');
  };
}
