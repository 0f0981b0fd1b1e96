import type { Log } from './machine/toolchain.ts';

interface Options {
  /** Workers beyond the first, in the order in which they are wanted. */
  names: readonly string[];
  /** How many workers there should be, or undefined if it is unknown. */
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
    const wanted = await readDesired();
    if (wanted === undefined || isClosed) return;
    const extra = Math.min(wanted - 1, names.length);
    const next = names[running];
    const last = names[running - 1];
    if (extra > running && next) {
      log(`autoscaler: ${wanted} workers wanted, starting ${next}`);
      running++;
      await start(next);
    } else if (extra < running && last) {
      log(`autoscaler: ${wanted} workers wanted, stopping ${last}`);
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
    /** No worker is started or stopped any more. */
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
