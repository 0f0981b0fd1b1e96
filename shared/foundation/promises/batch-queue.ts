import { createLanes } from './lanes.ts';
import { type RetryOptions, retry } from './retry.ts';
import { sleep } from './time.ts';

export interface BatchQueueOptions<T> {
  /** Carries a batch out; aborted when the queue is given up. Throw a retryable error to get it again. */
  work: (items: T[], signal: AbortSignal) => Promise<void>;
  /** Items in a batch at most; so many waiting send one at once. */
  size: number;
  /** The longest time that an item waits for others. */
  waitMs: number;
  /** Items waiting at most. */
  capacity: number;
  /** When full: `refuse` the new one, or `displace` the oldest of the lowest priority by it. */
  whenFull: 'refuse' | 'displace';
  /** Batches that may start in any window of `windowMs`. */
  rate?: { max: number; windowMs: number };
  retry?: Pick<RetryOptions, 'attempts' | 'baseMs' | 'maxMs'>;
  /** Told of items that will not be carried out, and why; it must not throw. */
  onLost: (items: T[], reason: unknown) => void;
}

/** What became of the items so far. */
export interface BatchQueueStats {
  waiting: number;
  done: number;
  lost: number;
}

/** Carries items out in batches, one batch at a time, in bounded memory. */
export interface BatchQueue<T> {
  /** Takes an item without waiting; higher priorities leave first. False when it was refused. */
  add(item: T, priority?: number): boolean;
  /** Takes nothing more and carries out what waits; after `timeoutMs` the rest is lost. */
  drain(timeoutMs: number): Promise<void>;
  getStats(): BatchQueueStats;
}

const FULL = new Error('The queue is full');
const GIVEN_UP = new Error('The time to empty the queue was up');

/** Builds a queue in memory: a process that is killed loses what waits in it. */
export function createBatchQueue<T>(options: BatchQueueOptions<T>): BatchQueue<T> {
  const { size, waitMs, capacity, whenFull, onLost } = options;
  const lanes = createLanes<T>();
  const given = new AbortController();
  const pace = createPace(options.rate, given.signal);
  const stopped = abortion(given.signal);
  const stats = { done: 0, lost: 0 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;
  let running: Promise<void> | undefined;

  function lose(items: T[], reason: unknown) {
    stats.lost += items.length;
    onLost(items, reason);
  }

  async function send(): Promise<void> {
    const items: T[] = [];
    try {
      await pace();
      items.push(...lanes.take(size));
      const work = () => Promise.race([options.work(items, given.signal), stopped]);
      const { attempts = 1, baseMs = 0, ...rest } = options.retry ?? {};
      await retry(work, { attempts, baseMs, ...rest, signal: given.signal });
      stats.done += items.length;
    } catch (error) {
      if (items.length > 0) lose(items, error);
    }
  }

  async function run(atOnce: boolean): Promise<void> {
    let isDue = atOnce;
    while (lanes.count > 0 && !given.signal.aborted && (isDue || lanes.count >= size || isClosed)) {
      isDue = false;
      await send();
    }
  }

  const start = (atOnce: boolean) => {
    clearTimeout(timer);
    timer = undefined;
    running ??= run(atOnce).finally(() => {
      running = undefined;
      wait();
    });
  };

  function wait() {
    if (lanes.count === 0 || running) return;
    if (lanes.count >= size || isClosed) return start(false);
    timer ??= setTimeout(() => start(true), waitMs);
  }

  return {
    add(item, priority = 0) {
      if (isClosed) return false;
      if (lanes.count >= capacity) {
        if (whenFull === 'refuse' || priority < lanes.lowest) {
          lose([item], FULL);
          return false;
        }
        lose(lanes.drop(), FULL);
      }
      lanes.add(item, priority);
      wait();
      return true;
    },
    async drain(timeoutMs) {
      isClosed = true;
      const giveUp = setTimeout(() => given.abort(GIVEN_UP), timeoutMs);
      start(true);
      await running;
      clearTimeout(giveUp);
      const rest = lanes.take(lanes.count);
      if (rest.length > 0) lose(rest, GIVEN_UP);
    },
    getStats: () => ({ waiting: lanes.count, ...stats }),
  };
}

/** Rejects with the reason when the signal aborts, and hurts nobody who does not look. */
function abortion(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  aborted.catch(() => {});
  return aborted;
}

/** Waits until another batch may start. */
function createPace(rate: { max: number; windowMs: number } | undefined, signal: AbortSignal) {
  let starts: number[] = [];
  return async () => {
    if (!rate) return;
    const { max, windowMs } = rate;
    const oldest = starts.length >= max ? starts[starts.length - max] : undefined;
    const waitMs = oldest === undefined ? 0 : oldest + windowMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, signal);
    starts = [...starts, performance.now()].slice(-max);
  };
}
