import type { App } from '@insightdesk/shared/boot';
import type { JobStatusEvent } from '@insightdesk/shared/jobs';
import { Histogram } from '@insightdesk/shared/utils';
import type { WorkerQueues } from '../open-queues.ts';
import { watchQueues } from './watch-queues.ts';
import { watchServers } from './watch-servers.ts';
import { watchUsage } from './watch-usage.ts';

const BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Metrics of queues, servers, usage and jobs; returns the observer of job durations. */
export function watchWorker(app: App, queues: WorkerQueues, isLeader: () => boolean) {
  watchQueues(app.metrics, queues);
  watchServers(app);
  watchUsage(app, isLeader);
  const overflowLabels = { queue: 'other', name: 'other', outcome: 'other' };
  const durations = new Histogram({ overflowLabels, buckets: BUCKETS_SECONDS });
  app.metrics.histogram({ name: 'job_duration_seconds', help: 'Run time of jobs' }, durations);
  return ({ queue, name, state, ms }: JobStatusEvent): void => {
    if (ms === undefined) return;
    const labelsOf = () => ({ queue, name, outcome: state });
    durations.observe(ms / 1_000, `${queue} ${name} ${state}`, labelsOf);
  };
}

/** Counts each started job in the usage of its organization. */
export const countJobs =
  ({ container }: App) =>
  ({ state, tenantId }: JobStatusEvent): void => {
    if (state === 'active' && tenantId !== 'system') container.meter.count(tenantId, 'jobs');
  };
