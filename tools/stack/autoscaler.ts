import type { Log } from './machine/toolchain.ts';

interface Options {
  /** Workers beyond the first one, in the order in which they start. */
  names: readonly string[];
  /** The desired number of workers, or undefined if it is unknown. */
  readDesired(): Promise<number | undefined>;
  start(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  log: Log;
  intervalMs?: number;
}

/** Starts and stops extra workers one at a time to follow the backlog. */
export function createAutoscaler({
  names,
  readDesired,
  start,
  stop,
  log,
  intervalMs = 1_000,
}: Options) {
  let running = 0;
  let isClosed = names.length === 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function check(): Promise<void> {
    const desired = await readDesired();
    if (desired === undefined || isClosed) return;
    const extra = Math.min(desired - 1, names.length);
    const next = names[running];
    const last = names[running - 1];
    if (extra > running && next) {
      log(`autoscaler: ${desired} workers desired, starting ${next}`);
      running++;
      await start(next);
    } else if (extra < running && last) {
      log(`autoscaler: ${desired} workers desired, stopping ${last}`);
      running--;
      await stop(last);
    }
  }

  const schedule = () => {
    if (isClosed) return;
    timer = setTimeout(() => {
      void check()
        .catch((error: Error) => log(`autoscaler: ${error.message}`))
        .then(schedule);
    }, intervalMs);
  };

  return {
    check,
    start: schedule,
    /** Stops scaling; running workers continue. */
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
