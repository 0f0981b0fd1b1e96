import { boot } from '@insightdesk/shared/boot';
import { serveHealth } from './health.ts';
import { openJobNews } from './job-news.ts';
import { countJobs } from './metrics/count-jobs.ts';
import { watchWork } from './metrics/watch-work.ts';
import { openQueues } from './queues.ts';
import { runRelay } from './relay.ts';
import { runSchedules } from './run-schedules.ts';
import { runWorkers } from './workers.ts';

// In this order things are started; they are stopped the other way round.
await boot('worker', (app) => {
  const news = openJobNews(app);
  const work = openQueues(app);
  const relay = runRelay(app, work);
  const figures = watchWork(app, work, () => relay.isLeader);
  runWorkers(app, work, [news.observe, figures, countJobs(app)]);
  runSchedules(app, work, relay);
  serveHealth(app, work);
});
