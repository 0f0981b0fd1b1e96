import type { Redis } from 'iovalkey';

/** Detects that Valkey lost jobs that were enqueued last, with all its data or the end of its log. */
export interface DataLossDetector {
  /** To be called after jobs were enqueued, while their cause is still known. */
  mark(): Promise<void>;
  /** The time since which jobs may be lost; undefined if none are, the epoch if all are. */
  lostSince(): Promise<Date | undefined>;
}

/** The clocks of machines differ; enqueuing a job again is a no-op. */
const CLOCK_TOLERANCE_MS = 10_000;

/**
 * Writes a marker after the jobs: as long as it is there, they are. A new leader has written none yet
 * and enqueues the jobs of the last seconds again.
 */
export function createDataLossDetector(valkey: Redis, prefix = 'jobs'): DataLossDetector {
  const key = `${prefix}:enqueued`;
  let written: string | undefined;
  return {
    async mark() {
      const marker = `${Date.now()} ${crypto.randomUUID()}`;
      await valkey.set(key, marker);
      written = marker;
    },
    async lostSince() {
      const found = await valkey.get(key);
      if (found !== null && found === written) return undefined;
      return new Date(found === null ? 0 : Number.parseInt(found, 10) - CLOCK_TOLERANCE_MS);
    },
  };
}
