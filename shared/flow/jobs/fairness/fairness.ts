import type { Redis } from 'iovalkey';
import type { QueueName } from '../definition/define-job.ts';
import { fairScript } from './fair-script.ts';
import { reservedSlotTopic } from './reserved-slot.ts';

/** Orders the waiting jobs of a queue fairly over organizations; see ADR 0012. */
export interface Fairness {
  /** Assigns turns to all jobs without one (new, due or retried); returns their number. */
  assignTurns(queue: QueueName): Promise<number>;
  /** Does the same in the background, once for concurrent calls; jobs without a turn also run. */
  assignTurnsSoon(queue: QueueName): void;
  /**
   * Assigns turns right behind jobs that are being added through this connection, and once more if
   * that came too early for some of them.
   */
  assignTurnsAfter(queue: QueueName, adding: Promise<readonly unknown[]>): void;
}

const BATCH_SIZE = 1_000;
const MAX_BATCHES = 200;

/** Builds the scheduler of the queues with this prefix. */
export function createFairness(valkey: Redis, prefix: string): Fairness {
  valkey.defineCommand('jobsAssignTurns', { numberOfKeys: 3, lua: fairScript });
  const inFlight = new Map<QueueName, { isRepeated: boolean }>();

  async function assignTurns(queue: QueueName) {
    const keys = ['prioritized', 'turns', 'marker'].map((name) => `${prefix}:${queue}:${name}`);
    const topic = reservedSlotTopic(prefix);
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const assigned = await valkey.jobsAssignTurns(...keys, BATCH_SIZE, topic, queue);
      total += assigned;
      if (assigned < BATCH_SIZE) break;
    }
    return total;
  }

  function assignTurnsSoon(queue: QueueName) {
    const current = inFlight.get(queue);
    if (current) {
      current.isRepeated = true;
      return;
    }
    const run = { isRepeated: false };
    inFlight.set(queue, run);
    // After a failure a worker assigns the turns when it takes its next job.
    void assignTurns(queue)
      .catch(() => {})
      .then(() => {
        inFlight.delete(queue);
        if (run.isRepeated) assignTurnsSoon(queue);
      });
  }

  async function assignTurnsOf(queue: QueueName, adding: Promise<readonly unknown[]>) {
    const [assigned, added] = await Promise.allSettled([assignTurns(queue), adding]);
    const isComplete =
      assigned.status === 'fulfilled' &&
      added.status === 'fulfilled' &&
      assigned.value >= added.value.length;
    if (!isComplete) assignTurnsSoon(queue);
  }

  function assignTurnsAfter(queue: QueueName, adding: Promise<readonly unknown[]>) {
    // BullMQ sends its commands before the next turn of the event loop, unless it first loads its scripts.
    setImmediate(() => void assignTurnsOf(queue, adding));
  }

  return { assignTurns, assignTurnsSoon, assignTurnsAfter };
}
