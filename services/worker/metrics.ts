import type { Relay } from '@insightdesk/shared/events';
import type { Backlog, JobControl, JobNews } from '@insightdesk/shared/jobs';
import { Gauge, Histogram, type Metrics } from '@insightdesk/shared/monitoring';

interface Watched {
  queues: JobControl;
  backlog(): Promise<Record<string, Backlog>>;
  relay: Relay;
}

/** Shows backlog, leadership and job times; returns what is to be told of each finished job. */
export function watchWork(registry: Metrics, { queues, backlog, relay }: Watched) {
  const registers = [registry];
  new Gauge({
    name: 'queue_jobs',
    help: 'Jobs by queue and state',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      for (const [queue, states] of Object.entries(await queues.getStats())) {
        for (const [state, count] of Object.entries(states)) {
          this.set({ queue, state }, Number(count));
        }
      }
    },
  });
  new Gauge({
    name: 'queue_oldest_seconds',
    help: 'How long the longest-waiting job of a queue has been due',
    labelNames: ['queue'],
    registers,
    async collect() {
      for (const [queue, { oldestSeconds }] of Object.entries(await backlog())) {
        this.set({ queue }, oldestSeconds);
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
  return ({ queue, name, state, ms }: JobNews): void => {
    if (ms !== undefined) jobs.observe({ queue, name, outcome: state }, ms / 1000);
  };
}
