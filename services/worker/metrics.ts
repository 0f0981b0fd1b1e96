import type { App } from '@insightdesk/shared/boot';
import type { Relay } from '@insightdesk/shared/events';
import { createJobControl, type JobNews, readBacklog } from '@insightdesk/shared/jobs';
import { Gauge, Histogram, type Metrics } from '@insightdesk/shared/monitoring';
import type { Work } from './queues.ts';

/** Shows backlog, leadership and job times; returns what is to be told of each finished job. */
export function watchWork({ metrics }: App, work: Work, relay: Relay) {
  watchQueues(metrics, work);
  new Gauge({
    name: 'relay_leader',
    help: '1 on the worker whose relay is at work',
    registers: [metrics],
    collect() {
      this.set(relay.isLeader ? 1 : 0);
    },
  });
  const durations = new Histogram({
    name: 'job_duration_seconds',
    help: 'Run time of jobs',
    labelNames: ['queue', 'name', 'outcome'],
    registers: [metrics],
  });
  return ({ queue, name, state, ms }: JobNews): void => {
    if (ms !== undefined) durations.observe({ queue, name, outcome: state }, ms / 1000);
  };
}

function watchQueues(registry: Metrics, { queues, valkey, held }: Work): void {
  const control = createJobControl(queues, valkey);
  const registers = [registry];
  new Gauge({
    name: 'queue_jobs',
    help: 'Jobs by queue and state',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      for (const [queue, states] of Object.entries(await control.getStats())) {
        for (const [state, count] of Object.entries(states)) {
          this.set({ queue, state }, Number(count));
        }
      }
    },
  });
  new Gauge({
    name: 'queue_held_jobs',
    help: 'Jobs of organisations that have no room for them in the queues',
    registers,
    async collect() {
      this.set(await held.count());
    },
  });
  new Gauge({
    name: 'queue_oldest_seconds',
    help: 'How long the longest-waiting job of a queue has been due',
    labelNames: ['queue'],
    registers,
    async collect() {
      for (const [queue, { oldestSeconds }] of Object.entries(await readBacklog(valkey))) {
        this.set({ queue }, oldestSeconds);
      }
    },
  });
}
