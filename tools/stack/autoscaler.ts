import type { Log } from './machine/toolchain.ts';

interface Options {
  /** Workers beyond the first, in the order in which they are wanted. */
  names: readonly string[];
  /** How many workers there should be, or undefined when nobody could say. */
  ask(): Promise<number | undefined>;
  start(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  log: Log;
  everyMs?: number;
}

/** Starts and stops workers beside the first, one step at a time, as the backlog wants it. */
export function createAutoscaler({ names, ask, start, stop, log, everyMs = 1_000 }: Options) {
  let running = 0;
  let isOver = names.length === 0;
  let pause: ReturnType<typeof setTimeout> | undefined;

  async function look(): Promise<void> {
    const wanted = await ask();
    if (wanted === undefined || isOver) return;
    const extra = Math.min(wanted - 1, names.length);
    const next = names[running];
    const last = names[running - 1];
    if (extra > running && next) {
      log(`the backlog wants ${wanted} workers: ${next} starts`);
      running++;
      await start(next);
    } else if (extra < running && last) {
      log(`the backlog wants ${wanted} workers: ${last} stops`);
      running--;
      await stop(last);
    }
  }

  const again = () => {
    if (isOver) return;
    pause = setTimeout(() => {
      void look()
        .catch((error: Error) => log(`scaling: ${error.message}`))
        .then(again);
    }, everyMs);
  };

  return {
    look,
    start: again,
    /** From now on it starts and stops nothing. */
    close() {
      isOver = true;
      clearTimeout(pause);
    },
  };
}
