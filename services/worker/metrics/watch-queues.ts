import { createJobControl, readBacklog } from '@insightdesk/shared/jobs';
import { type Metrics, reuse } from '@insightdesk/shared/monitoring';
import type { Work } from '../queues.ts';

const REUSE_MS = 1_000;

/** Shows how far the queues are behind; every worker says the same. */
export function watchQueues(metrics: Metrics, { queues, valkey, held }: Work): void {
  const control = createJobControl(queues, valkey);
  const readStats = reuse(REUSE_MS, async () => Object.entries(await control.getStats()));
  metrics.level({
    name: 'queue_jobs',
    help: 'Jobs by queue and state',
    read: async () =>
      (await readStats()).flatMap(([queue, { isPaused: _, ...states }]) =>
        Object.entries(states).map(([state, count]) => [{ queue, state }, count] as const),
      ),
  });
  metrics.level({
    name: 'queue_paused',
    help: 'Whether the jobs of a queue wait on purpose',
    read: async () =>
      (await readStats()).map(([queue, { isPaused }]) => [{ queue }, Number(isPaused)] as const),
  });
  metrics.level({
    name: 'queue_held_jobs',
    help: 'Jobs of organisations that have no room for them in the queues',
    read: () => held.count(),
  });
  metrics.level({
    name: 'queue_oldest_seconds',
    help: 'How long the longest-waiting job of a queue has been due',
    read: async () =>
      Object.entries(await readBacklog(valkey)).map(
        ([queue, { oldestSeconds }]) => [{ queue }, oldestSeconds] as const,
      ),
  });
}
