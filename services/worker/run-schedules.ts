import type { App } from '@insightdesk/shared/boot';
import type { Relay } from '@insightdesk/shared/events';
import { createParkedJobReleaser, createScheduler } from '@insightdesk/shared/jobs';
import type { WorkerQueues } from './open-queues.ts';
import { schedules } from './schedules.ts';

/** Enqueues scheduled jobs and releases parked ones, on the worker that is the leader. */
export function runSchedules(
  { lifecycle, log, container }: App,
  queues: WorkerQueues,
  relay: Relay,
): void {
  const isLeader = () => relay.isLeader;
  const scheduler = createScheduler({
    schedules,
    log,
    database: container.database,
    enqueue: queues.queues.enqueue,
    isLeader,
  });
  lifecycle.register('schedules', scheduler, ['relay']);
  const releaser = createParkedJobReleaser({ ...queues, log, isLeader });
  lifecycle.register('parked jobs', releaser, ['relay']);
}
