import { boot } from '@insightdesk/shared/boot';
import { openJobStatusSignals } from './job-status-signals.ts';
import { countJobs, watchWorker } from './metrics/watch-worker.ts';
import { openQueues } from './open-queues.ts';
import { runRelay } from './run-relay.ts';
import { runSchedules } from './run-schedules.ts';
import { runWorkers } from './run-workers.ts';
import { serveHealth } from './serve-health.ts';

// Stops in the reverse order.
await boot('worker', (app) => {
  const signals = openJobStatusSignals(app);
  const queues = openQueues(app);
  const relay = runRelay(app, queues);
  const observeDuration = watchWorker(app, queues, () => relay.isLeader);
  runWorkers(app, queues, [signals.observe, observeDuration, countJobs(app)]);
  runSchedules(app, queues, relay);
  serveHealth(app, queues);
});
