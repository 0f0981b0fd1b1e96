import type { App } from '@insightdesk/shared/boot';
import type { JobNews } from '@insightdesk/shared/jobs';
import { Durations } from '@insightdesk/shared/utils';
import type { Work } from '../queues.ts';
import { watchQueues } from './watch-queues.ts';
import { watchServers } from './watch-servers.ts';
import { watchUsage } from './watch-usage.ts';

const seconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Shows queues, servers and job times; returns what is to be told of each finished job. */
export function watchWork(app: App, work: Work, isLeader: () => boolean) {
  watchQueues(app.metrics, work);
  watchServers(app);
  watchUsage(app, isLeader);
  const rest = { queue: 'other', name: 'other', outcome: 'other' };
  const durations = new Durations({ rest, buckets: seconds });
  app.metrics.durations({ name: 'job_duration_seconds', help: 'Run time of jobs' }, durations);
  return ({ queue, name, state, ms }: JobNews): void => {
    if (ms === undefined) return;
    const labelsOf = () => ({ queue, name, outcome: state });
    durations.observe(ms / 1_000, `${queue} ${name} ${state}`, labelsOf);
  };
}
