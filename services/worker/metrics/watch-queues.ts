import { createJobControl, readBacklog } from '@insightdesk/shared/jobs';
import { cacheResult, type Metrics } from '@insightdesk/shared/monitoring';
import type { WorkerQueues } from '../open-queues.ts';

const REUSE_MS = 1_000;

/** Metrics of the queues; the same on every worker. */
export function watchQueues(metrics: Metrics, { queues, valkey, parkedJobs }: WorkerQueues): void {
  const control = createJobControl(queues, valkey);
  const readStats = cacheResult(REUSE_MS, async () => Object.entries(await control.getStats()));
  metrics.gauge({
    name: 'queue_jobs',
    help: 'Jobs by queue and state',
    read: async () =>
      (await readStats()).flatMap(([queue, { isPaused: _, ...states }]) =>
        Object.entries(states).map(([state, count]) => [{ queue, state }, count] as const),
      ),
  });
  metrics.gauge({
    name: 'queue_paused',
    help: 'Whether the queue is paused',
    read: async () =>
      (await readStats()).map(([queue, { isPaused }]) => [{ queue }, Number(isPaused)] as const),
  });
  metrics.gauge({
    name: 'queue_parked_jobs',
    help: 'Jobs over the quota of their organization, parked in the database',
    read: () => parkedJobs.count(),
  });
  metrics.gauge({
    name: 'queue_oldest_seconds',
    help: 'How long the oldest waiting job of a queue has been due',
    read: async () =>
      Object.entries(await readBacklog(valkey)).map(
        ([queue, { oldestSeconds }]) => [{ queue }, oldestSeconds] as const,
      ),
  });
}
