import type { Redis } from 'iovalkey';
import type { QueueName } from './define-job.ts';
import { fairScript } from './fair-script.ts';

/** Gives waiting jobs their turns; see ADR 0012. */
export interface Fairness {
  /** Decides the turns of all jobs of a queue that came in, came due or failed since. */
  takeTurns(queue: QueueName): Promise<void>;
}

const AT_ONCE = 1_000;
const MAX_ROUNDS = 200;

/** Builds the scheduler over the queues with this prefix. */
export function createFairness(valkey: Redis, prefix: string): Fairness {
  valkey.defineCommand('jobsTakeTurns', { numberOfKeys: 2, lua: fairScript });
  return {
    async takeTurns(queue) {
      const key = `${prefix}:${queue}`;
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const taken = await valkey.jobsTakeTurns(`${key}:prioritized`, `${key}:turns`, AT_ONCE);
        if (taken < AT_ONCE) return;
      }
    },
  };
}
