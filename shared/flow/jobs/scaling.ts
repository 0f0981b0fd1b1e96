import type { Backlog } from './backlog.ts';

/** When there are too few workers or too many, and how sure one has to be. */
export interface ScalingPolicy {
  least: number;
  most: number;
  /** One worker more when a job has been due for longer than this for `upAfterMs`, … */
  oldestSeconds: number;
  /** … or when more jobs than this wait for each worker. */
  waitingPerWorker: number;
  upAfterMs: number;
  /** One less when for so long neither would come near with one less. */
  downAfterMs: number;
}

/** The same figures as in `deploy/kubernetes/base/worker-scaling.yaml`. */
export const scalingPolicy: ScalingPolicy = {
  least: 1,
  most: 3,
  oldestSeconds: 5,
  waitingPerWorker: 200,
  upAfterMs: 3_000,
  downAfterMs: 60_000,
};

/** How many workers there should be, and since when that has been in doubt; times in ms. */
export interface Scaling {
  workers: number;
  pressedSince?: number;
  calmSince?: number;
}

type Figures = Readonly<Record<string, Omit<Backlog, 'active'>>>;

/** What waits in all queues that are not paused, and for how long at most. */
export function totalOf(queues: Figures): Pick<Backlog, 'waiting' | 'oldestSeconds'> {
  const open = Object.values(queues).filter(({ isPaused }) => !isPaused);
  return {
    waiting: open.reduce((sum, one) => sum + one.waiting, 0),
    oldestSeconds: Math.max(0, ...open.map((one) => one.oldestSeconds)),
  };
}

/** Decides after one more look at the backlog; steps are of one worker. */
export function scale(
  before: Scaling,
  queues: Figures,
  now: number,
  policy: ScalingPolicy = scalingPolicy,
): Scaling {
  const workers = Math.min(Math.max(before.workers, policy.least), policy.most);
  const { waiting, oldestSeconds } = totalOf(queues);
  const exceeds = (count: number, share: number) =>
    oldestSeconds > policy.oldestSeconds * share ||
    waiting > policy.waitingPerWorker * count * share;

  if (exceeds(workers, 1)) {
    const pressedSince = before.pressedSince ?? now;
    if (now - pressedSince < policy.upAfterMs || workers === policy.most) {
      return { workers, pressedSince };
    }
    return { workers: workers + 1, pressedSince: now };
  }
  if (workers === policy.least || exceeds(workers - 1, 0.5)) return { workers };
  const calmSince = before.calmSince ?? now;
  if (now - calmSince < policy.downAfterMs) return { workers, calmSince };
  return { workers: workers - 1, calmSince: now };
}
