import { boot } from '@insightdesk/shared/boot';
import { createHeldRelease, createScheduler, type JobNews } from '@insightdesk/shared/jobs';
import { watchWork } from './figures/watch-work.ts';
import { serveHealth } from './health.ts';
import { openJobNews } from './job-news.ts';
import { openQueues } from './queues.ts';
import { runRelay } from './relay.ts';
import { schedules } from './schedules.ts';
import { runWorkers } from './workers.ts';

// In this order things are started; they are stopped the other way round.
await boot('worker', (app) => {
  const { lifecycle, log, parts } = app;
  const news = openJobNews(app);
  const work = openQueues(app);
  const relay = runRelay(app, work);
  const count = ({ state, tenantId }: JobNews) => {
    if (state === 'active' && tenantId !== 'system') parts.meter.count(tenantId, 'jobs');
  };
  runWorkers(app, work, [news.observe, watchWork(app, work, () => relay.isLeader), count]);
  const scheduler = createScheduler({
    schedules,
    log,
    database: parts.database,
    enqueue: work.queues.enqueue,
    isLeader: () => relay.isLeader,
  });
  lifecycle.register('schedules', scheduler, ['relay']);
  const release = createHeldRelease({ ...work, log, isLeader: () => relay.isLeader });
  lifecycle.register('held jobs', release, ['relay']);
  serveHealth(app, work);
});
