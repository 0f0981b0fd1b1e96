import type { Redis } from 'iovalkey';
import type { QueueName } from './define-job.ts';
import { fairScript } from './fair-script.ts';
import { newcomerTopic } from './kept-place.ts';

/** Gives waiting jobs their turns; see ADR 0012. */
export interface Fairness {
  /** Decides the turns of all jobs of a queue that came in, came due or failed since; how many. */
  takeTurns(queue: QueueName): Promise<number>;
  /** Does so soon, for all who ask in the meantime; jobs without a turn can be run as well. */
  takeTurnsSoon(queue: QueueName): void;
  /**
   * The same for jobs that are on their way through this connection: asked right behind them, so
   * that they have their turns as they arrive; and once more where that overtook them.
   */
  takeTurnsBehind(queue: QueueName, arriving: Promise<readonly unknown[]>): void;
}

const AT_ONCE = 1_000;
const MAX_ROUNDS = 200;

/** Builds the scheduler over the queues with this prefix. */
export function createFairness(valkey: Redis, prefix: string): Fairness {
  valkey.defineCommand('jobsTakeTurns', { numberOfKeys: 3, lua: fairScript });
  const underWay = new Map<QueueName, { again: boolean }>();

  async function takeTurns(queue: QueueName) {
    const keys = ['prioritized', 'turns', 'marker'].map((part) => `${prefix}:${queue}:${part}`);
    let all = 0;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const taken = await valkey.jobsTakeTurns(...keys, AT_ONCE, newcomerTopic(prefix), queue);
      all += taken;
      if (taken < AT_ONCE) break;
    }
    return all;
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

  async function takeTurnsOf(queue: QueueName, arriving: Promise<readonly unknown[]>) {
    const [taken, arrived] = await Promise.allSettled([takeTurns(queue), arriving]);
    const isDecided =
      taken.status === 'fulfilled' &&
      arrived.status === 'fulfilled' &&
      taken.value >= arrived.value.length;
    if (!isDecided) takeTurnsSoon(queue);
  }

  function takeTurnsBehind(queue: QueueName, arriving: Promise<readonly unknown[]>) {
    // What BullMQ sends leaves before the event loop turns, unless it loads its scripts first.
    setImmediate(() => void takeTurnsOf(queue, arriving));
  }

  return { takeTurns, takeTurnsSoon, takeTurnsBehind };
}
