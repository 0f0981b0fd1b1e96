import {
  type Backlog,
  type Scaling,
  scale,
  scalingPolicy,
  totalOf,
} from '@insightdesk/shared/jobs';

/** The backlog of every queue and the number of workers that it needs. */
export interface ScalingSignal {
  queues: Record<string, Backlog>;
  /** Of all queues that are not paused. */
  total: Pick<Backlog, 'waiting' | 'oldestSeconds'>;
  desiredWorkers: number;
}

/** Returns the current signal when called; it must be called every few seconds. */
export function createScalingSignal(
  readBacklog: () => Promise<Record<string, Backlog>>,
  maxWorkers: number,
) {
  let scaling: Scaling = { workers: scalingPolicy.minWorkers };
  return async (): Promise<ScalingSignal> => {
    const queues = await readBacklog();
    scaling = scale(scaling, queues, Date.now(), { ...scalingPolicy, maxWorkers });
    return { queues, total: totalOf(queues), desiredWorkers: scaling.workers };
  };
}
