import { withTimeout } from '@insightdesk/shared/promises';
import { createLossCounter, type OnLost } from './loss-counter.ts';

export interface LineBufferOptions {
  /** Writes lines; an error loses them. One call at a time. */
  write(lines: string[]): Promise<void>;
  onLost: OnLost;
  /** How long lines wait to be written together; 50 ms. */
  waitMs?: number;
  /** Maximum length of the waiting text; 1 MiB. */
  capacity?: number;
}

const FULL = new Error('The buffer is full');
const CLOSE_TIMEOUT = new Error('Timed out writing the rest');

/** Buffers lines for a slow writer: adding never waits, and lines beyond the capacity are lost. */
export function createLineBuffer(options: LineBufferOptions) {
  const { write, waitMs = 50, capacity = 1_048_576 } = options;
  const losses = createLossCounter(options.onLost);
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
      await write(all).catch((error: unknown) => losses.add(all.length, error));
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
      if (isClosed || losses.isReporting) return;
      if (length + line.length > capacity) {
        losses.add(1, FULL);
        return;
      }
      lines.push(line);
      length += line.length;
      if (!running) timer ??= setTimeout(() => void start(), waitMs).unref();
    },
    /** Removes and returns the waiting lines, for the exit of the process. */
    takeAll,
    /** Counts lines that could not be written. */
    addLost: losses.add,
    async close(deadlineMs: number): Promise<void> {
      isClosed = true;
      await withTimeout(start(), deadlineMs).catch(() => {
        const rest = takeAll().length;
        if (rest > 0) losses.add(rest, CLOSE_TIMEOUT);
      });
      losses.report();
    },
  };
}
