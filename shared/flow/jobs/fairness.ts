import type { Redis } from 'iovalkey';
import type { QueueName } from './define-job.ts';
import { fairScript } from './fair-script.ts';

/** Gives waiting jobs their turns; see ADR 0012. */
export interface Fairness {
  /** Decides the turns of all jobs of a queue that came in, came due or failed since. */
  takeTurns(queue: QueueName): Promise<void>;
  /** Does so soon, for all who ask in the meantime; jobs without a turn can be run as well. */
  takeTurnsSoon(queue: QueueName): void;
}

const AT_ONCE = 1_000;
const MAX_ROUNDS = 200;

/** Builds the scheduler over the queues with this prefix. */
export function createFairness(valkey: Redis, prefix: string): Fairness {
  valkey.defineCommand('jobsTakeTurns', { numberOfKeys: 2, lua: fairScript });
  const underWay = new Map<QueueName, { again: boolean }>();

  async function takeTurns(queue: QueueName) {
    const key = `${prefix}:${queue}`;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const taken = await valkey.jobsTakeTurns(`${key}:prioritized`, `${key}:turns`, AT_ONCE);
      if (taken < AT_ONCE) return;
    }
  }

  function takeTurnsSoon(queue: QueueName) {
    const running = underWay.get(queue);
    if (running) {
      running.again = true;
      return;
    }
    const run = { again: false };
    underWay.set(queue, run);
    // What fails here is done when a worker takes its next job.
    void takeTurns(queue)
      .catch(() => {})
      .then(() => {
        underWay.delete(queue);
        if (run.again) takeTurnsSoon(queue);
      });
  }

  return { takeTurns, takeTurnsSoon };
}
