import type { Redis } from 'iovalkey';

/** Notices that Valkey lost what was enqueued last, with its data or the end of its file. */
export interface LossWatch {
  /** To be called when jobs were enqueued, before anybody forgets why. */
  note(): Promise<void>;
  /** Since when jobs may be gone; undefined when none is, the epoch when all are. */
  lostSince(): Promise<Date | undefined>;
}

/** Clocks of machines differ; what is enqueued once more is a no-op. */
const GRACE_MS = 10_000;

/**
 * A note that follows the jobs into Valkey's file: while it is there, they are. Whoever has noted
 * nothing yet, such as a new leader, cannot know, and is told to repeat the last few seconds.
 */
export function createLossWatch(valkey: Redis, prefix = 'jobs'): LossWatch {
  const key = `${prefix}:enqueued`;
  let noted: string | undefined;
  return {
    async note() {
      const note = `${Date.now()} ${crypto.randomUUID()}`;
      await valkey.set(key, note);
      noted = note;
    },
    async lostSince() {
      const found = await valkey.get(key);
      if (found !== null && found === noted) return undefined;
      return new Date(found === null ? 0 : Number.parseInt(found, 10) - GRACE_MS);
    },
  };
}
