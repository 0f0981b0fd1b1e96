import { createPriorityQueue } from './priority-queue.ts';
import { type RetryOptions, retry } from './retry.ts';
import { sleep } from './time.ts';

export interface BatchQueueOptions<T> {
  /** Processes a batch; aborted when draining times out. A retryable error repeats it. */
  work: (items: T[], signal: AbortSignal) => Promise<void>;
  /** Maximum number of items in a batch; so many waiting items start one at once. */
  size: number;
  /** Maximum time that an item waits for others. */
  waitMs: number;
  /** Maximum number of waiting items. */
  capacity: number;
  /** When full: `refuse` the new item, or `displace` the oldest one of the lowest priority. */
  whenFull: 'refuse' | 'displace';
  /** Batches that may start in any window of `windowMs`. */
  rate?: { max: number; windowMs: number };
  retry?: Pick<RetryOptions, 'attempts' | 'baseMs' | 'maxMs'>;
  /** Called with items that are given up, and the reason; it must not throw. */
  onLost: (items: T[], reason: unknown) => void;
}

/** Counts of items by outcome. */
export interface BatchQueueStats {
  waiting: number;
  done: number;
  lost: number;
}

/** Processes items in batches, one batch at a time, in bounded memory. */
export interface BatchQueue<T> {
  /** Adds an item without waiting; higher priorities go first. False when it was refused. */
  add(item: T, priority?: number): boolean;
  /** Refuses new items and processes the waiting ones; after `timeoutMs` the rest is lost. */
  drain(timeoutMs: number): Promise<void>;
  getStats(): BatchQueueStats;
}

const NO_RETRY = { attempts: 1, baseMs: 0 };
const FULL = new Error('The queue is full');
const DRAIN_TIMEOUT = new Error('Timed out draining the queue');

/** Builds a queue in memory: a killed process loses its waiting items. */
export function createBatchQueue<T>(options: BatchQueueOptions<T>): BatchQueue<T> {
  const { size, waitMs, capacity, whenFull, onLost } = options;
  const waiting = createPriorityQueue<T>();
  const controller = new AbortController();
  const waitForRate = createRateLimit(options.rate, controller.signal);
  const aborted = rejectOnAbort(controller.signal);
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
      await waitForRate();
      items.push(...waiting.take(size));
      const work = () => Promise.race([options.work(items, controller.signal), aborted]);
      await retry(work, { ...NO_RETRY, ...options.retry, signal: controller.signal });
      stats.done += items.length;
    } catch (error) {
      if (items.length > 0) lose(items, error);
    }
  }

  const isBatchReady = () => waiting.count >= size || isClosed;

  async function run(isDueNow: boolean): Promise<void> {
    let isDue = isDueNow;
    while (waiting.count > 0 && !controller.signal.aborted && (isDue || isBatchReady())) {
      isDue = false;
      await send();
    }
  }

  const start = (isDueNow: boolean) => {
    clearTimeout(timer);
    timer = undefined;
    running ??= run(isDueNow).finally(() => {
      running = undefined;
      schedule();
    });
  };

  function schedule() {
    if (waiting.count === 0 || running) return;
    if (isBatchReady()) return start(false);
    timer ??= setTimeout(() => start(true), waitMs);
  }

  return {
    add(item, priority = 0) {
      if (isClosed) return false;
      if (waiting.count >= capacity) {
        if (whenFull === 'refuse' || priority < waiting.lowestPriority) {
          lose([item], FULL);
          return false;
        }
        lose(waiting.dropOne(), FULL);
      }
      waiting.add(item, priority);
      schedule();
      return true;
    },
    async drain(timeoutMs) {
      isClosed = true;
      const timeout = setTimeout(() => controller.abort(DRAIN_TIMEOUT), timeoutMs);
      start(true);
      await running;
      clearTimeout(timeout);
      const rest = waiting.take(waiting.count);
      if (rest.length > 0) lose(rest, DRAIN_TIMEOUT);
    },
    getStats: () => ({ waiting: waiting.count, ...stats }),
  };
}

/** Rejects with the reason when the signal aborts; nobody has to handle the rejection. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  aborted.catch(() => {});
  return aborted;
}

/** Waits until another batch may start. */
function createRateLimit(rate: { max: number; windowMs: number } | undefined, signal: AbortSignal) {
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
