import type { App } from '@insightdesk/shared/boot';
import type { Relay } from '@insightdesk/shared/events';
import { createHeldRelease, createScheduler } from '@insightdesk/shared/jobs';
import type { Work } from './queues.ts';
import { schedules } from './schedules.ts';

/** Does what time causes, on the one worker that leads; held jobs are let go once there is room. */
export function runSchedules({ lifecycle, log, parts }: App, work: Work, relay: Relay): void {
  const isLeader = () => relay.isLeader;
  const scheduler = createScheduler({
    schedules,
    log,
    database: parts.database,
    enqueue: work.queues.enqueue,
    isLeader,
  });
  lifecycle.register('schedules', scheduler, ['relay']);
  const release = createHeldRelease({ ...work, log, isLeader });
  lifecycle.register('held jobs', release, ['relay']);
}
