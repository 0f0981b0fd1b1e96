import { serializeError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { createBatchQueue } from '@insightdesk/shared/promises';

type Task = () => Promise<unknown>;

const MAX_WAITING = 1_000;
const CONCURRENCY = 10;
const MAX_WAIT_MS = 20;
const CLOSE_TIMEOUT_MS = 2_000;

/** Runs tasks after the response: a few at once; when 1,000 wait, further ones are dropped. */
export function createBackgroundTasks(log: Logger) {
  const queue = createBatchQueue<Task>({
    work: async (tasks) => {
      const outcomes = await Promise.allSettled(tasks.map((task) => task()));
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        log.warn({ err: serializeError(outcome.reason) }, 'background: task failed');
      }
    },
    size: CONCURRENCY,
    waitMs: MAX_WAIT_MS,
    capacity: MAX_WAITING,
    whenFull: 'refuse',
    onLost: (lost) =>
      log.warn({ count: lost.length }, 'background: task queue full, tasks dropped'),
  });
  return {
    add: (task: Task): void => void queue.add(task),
    close: () => queue.drain(CLOSE_TIMEOUT_MS),
  };
}
