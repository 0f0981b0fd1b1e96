import {
  type Backlog,
  type Scaling,
  scale,
  scalingPolicy,
  totalOf,
} from '@insightdesk/shared/jobs';

/** What scaling goes by: figures of every queue, and how many workers there should be. */
export interface ScalingSignal {
  queues: Record<string, Backlog>;
  /** Of all queues that are not paused. */
  total: Pick<Backlog, 'waiting' | 'oldestSeconds'>;
  desiredWorkers: number;
}

/** Answers with the signal of now; whoever asks every few seconds is told in time. */
export function createScalingSignal(
  readBacklog: () => Promise<Record<string, Backlog>>,
  most: number,
) {
  let scaling: Scaling = { workers: scalingPolicy.least };
  return async (): Promise<ScalingSignal> => {
    const queues = await readBacklog();
    scaling = scale(scaling, queues, Date.now(), { ...scalingPolicy, most });
    return { queues, total: totalOf(queues), desiredWorkers: scaling.workers };
  };
}
