import { withTimeout } from '@insightdesk/shared/promises';
import { createLosses, type OnLost } from './losses.ts';

export interface LineBufferOptions {
  /** Takes lines out of the way of whoever logs; what it throws loses them. One call at a time. */
  take(lines: string[]): Promise<void>;
  onLost: OnLost;
  /** How long lines wait for others; 50 ms. */
  waitMs?: number;
  /** What may wait; 1 MiB of text. */
  capacity?: number;
}

const FULL = new Error('Too much is waiting');
const GIVEN_UP = new Error('The time to write out the rest was up');

/** Keeps lines for somebody slow: adding never waits, and what is too much is lost. */
export function createLineBuffer(options: LineBufferOptions) {
  const { take, waitMs = 50, capacity = 1_048_576 } = options;
  const losses = createLosses(options.onLost);
  let lines: string[] = [];
  let length = 0;
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let isClosed = false;

  function takeAll(): string[] {
    const all = lines;
    lines = [];
    length = 0;
    return all;
  }

  async function run(): Promise<void> {
    while (lines.length > 0) {
      const all = takeAll();
      await take(all).catch((error: unknown) => losses.add(all.length, error));
    }
  }

  function start(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    add(line: string): void {
      if (isClosed || losses.isTelling) return;
      if (length + line.length > capacity) {
        losses.add(1, FULL);
        return;
      }
      lines.push(line);
      length += line.length;
      if (!running) timer ??= setTimeout(() => void start(), waitMs).unref();
    },
    /** What nobody has taken yet, for the way out of the process. */
    takeAll,
    /** Some of what was taken is lost. */
    lose: losses.add,
    async close(deadlineMs: number): Promise<void> {
      isClosed = true;
      await withTimeout(start(), deadlineMs).catch(() => {
        const rest = takeAll().length;
        if (rest > 0) losses.add(rest, GIVEN_UP);
      });
      losses.tell();
    },
  };
}
