import { serializeError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { createBatchQueue } from '@insightdesk/shared/promises';

type Work = () => Promise<unknown>;

const CAPACITY = 1_000;
const AT_ONCE = 10;
const WAIT_MS = 20;
const CLOSE_MS = 2_000;

/** Does what nobody waits for: a few at once, at most 1,000 waiting, what is more is dropped. */
export function createAfterwards(log: Logger) {
  const queue = createBatchQueue<Work>({
    work: async (all) => {
      const outcomes = await Promise.allSettled(all.map((work) => work()));
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        log.warn({ err: serializeError(outcome.reason) }, 'afterwards: failed');
      }
    },
    size: AT_ONCE,
    waitMs: WAIT_MS,
    capacity: CAPACITY,
    whenFull: 'refuse',
    onLost: (lost) => log.warn({ count: lost.length }, 'afterwards: dropped'),
  });
  return {
    add: (work: Work): void => void queue.add(work),
    close: () => queue.drain(CLOSE_MS),
  };
}
