import type { Relay } from '@insightdesk/shared/events';
import type { Queues } from '@insightdesk/shared/jobs';
import { Gauge, Histogram, type Metrics } from '@insightdesk/shared/monitoring';

/** Shows backlog, leadership and job times; returns what is to be told of each finished job. */
export function watchWork(registry: Metrics, { queues, relay }: { queues: Queues; relay: Relay }) {
  const registers = [registry];
  new Gauge({
    name: 'queue_jobs',
    help: 'Jobs by queue and state',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      for (const [queue, states] of Object.entries(await queues.counts())) {
        for (const [state, count] of Object.entries(states)) this.set({ queue, state }, count);
      }
    },
  });
  new Gauge({
    name: 'relay_leader',
    help: '1 on the worker whose relay is at work',
    registers,
    collect() {
      this.set(relay.isLeader ? 1 : 0);
    },
  });
  const jobs = new Histogram({
    name: 'job_duration_seconds',
    help: 'Run time of jobs',
    labelNames: ['queue', 'name', 'outcome'],
    registers,
  });
  return (queue: string, name: string, outcome: string, ms: number): void => {
    jobs.observe({ queue, name, outcome }, ms / 1000);
  };
}
