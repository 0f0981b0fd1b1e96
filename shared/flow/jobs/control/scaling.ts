import type { Backlog } from './backlog.ts';

/** When to start and stop workers. */
export interface ScalingPolicy {
  minWorkers: number;
  maxWorkers: number;
  /** Scales up when a job has been due for longer than this for `upAfterMs`, … */
  oldestSeconds: number;
  /** … or when more jobs than this wait per worker. */
  waitingPerWorker: number;
  upAfterMs: number;
  /** Scales down when one worker less would stay below half of both limits for so long. */
  downAfterMs: number;
}

/** The same numbers as in `deploy/kubernetes/base/worker-scaling.yaml`. */
export const scalingPolicy: ScalingPolicy = {
  minWorkers: 1,
  maxWorkers: 3,
  oldestSeconds: 5,
  waitingPerWorker: 200,
  upAfterMs: 3_000,
  downAfterMs: 60_000,
};

/** The desired number of workers, and since when the load calls for another one; times in ms. */
export interface Scaling {
  workers: number;
  overloadedSince?: number;
  underloadedSince?: number;
}

type QueueBacklogs = Readonly<Record<string, Omit<Backlog, 'active'>>>;

/** The waiting jobs of all queues that are not paused, and the age of the oldest. */
export function totalOf(queues: QueueBacklogs): Pick<Backlog, 'waiting' | 'oldestSeconds'> {
  const active = Object.values(queues).filter(({ isPaused }) => !isPaused);
  return {
    waiting: active.reduce((sum, queue) => sum + queue.waiting, 0),
    oldestSeconds: Math.max(0, ...active.map((queue) => queue.oldestSeconds)),
  };
}

/** Decides after each reading of the backlog; scales by one worker at a time. */
export function scale(
  before: Scaling,
  queues: QueueBacklogs,
  now: number,
  policy: ScalingPolicy = scalingPolicy,
): Scaling {
  const workers = Math.min(Math.max(before.workers, policy.minWorkers), policy.maxWorkers);
  const { waiting, oldestSeconds } = totalOf(queues);
  const exceeds = (count: number, share: number) =>
    oldestSeconds > policy.oldestSeconds * share ||
    waiting > policy.waitingPerWorker * count * share;

  if (exceeds(workers, 1)) {
    const overloadedSince = before.overloadedSince ?? now;
    if (now - overloadedSince < policy.upAfterMs || workers === policy.maxWorkers) {
      return { workers, overloadedSince };
    }
    return { workers: workers + 1, overloadedSince: now };
  }
  if (workers === policy.minWorkers || exceeds(workers - 1, 0.5)) return { workers };
  const underloadedSince = before.underloadedSince ?? now;
  if (now - underloadedSince < policy.downAfterMs) return { workers, underloadedSince };
  return { workers: workers - 1, underloadedSince: now };
}
