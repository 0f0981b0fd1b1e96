import { boot } from '@insightdesk/shared/boot';
import { systemContext, withTenant } from '@insightdesk/shared/context';
import { openWebhookOutlet } from '@insightdesk/shared/domain/webhooks';
import { createRelay } from '@insightdesk/shared/events';
import { createHealthApp } from '@insightdesk/shared/http';
import {
  createJobControl,
  createLossWatch,
  createQueues,
  createScheduler,
  readBacklog,
  releaseStuck,
  startWorkers,
  type Workers,
} from '@insightdesk/shared/jobs';
import { createChannelLog, createChannelRefill, sendSignals } from '@insightdesk/shared/realtime';
import { createDispatch } from './dispatch.ts';
import { createJobNews } from './job-news.ts';
import { jobHandlers } from './jobs.ts';
import { watchWork } from './metrics.ts';
import { consequencesOf } from './reactions.ts';
import { createRefill } from './refill.ts';
import { createScalingSignal } from './scaling.ts';
import { schedules } from './schedules.ts';

/** How often jobs that wait for others are looked at. */
const WATCHDOG_MS = 30_000;

await boot('worker', (app) => {
  const { config, log, lifecycle, metrics, parts } = app;
  const actor = { kind: 'system', name: 'worker' } as const;
  const root = app.context({ actor, tenantId: undefined, requestId: 'worker' });
  const valkey = parts.connectValkey('queue', 'blocking', 'queues');
  const queues = createQueues(valkey);
  const webhooks = openWebhookOutlet(config.database.url, config.database.timeoutMs);
  const jobs = createLossWatch(valkey);
  const relay = createRelay({
    url: config.database.url,
    log,
    dispatch: createDispatch(consequencesOf, {
      channelLog: createChannelLog(parts.valkey, config.realtime),
      queues,
      cache: parts.cache,
      webhooks,
      jobs,
    }),
    prepare: createRefill(consequencesOf, {
      channels: createChannelRefill(parts.valkey, config.realtime),
      jobs,
      queues,
      historySeconds: config.realtime.historySeconds,
      log,
    }),
  });
  const measure = watchWork(metrics, {
    queues: createJobControl(queues, valkey),
    backlog: () => readBacklog(valkey),
    relay,
  });
  const jobNews = createJobNews((signals) =>
    sendSignals(parts.valkey, signals, (error) =>
      log.warn({ err: String(error) }, 'jobs: not told'),
    ),
  );
  lifecycle.registerShutdownHook('job news', () => jobNews.stop());
  let workers: Workers | undefined;

  lifecycle.registerShutdownHook('queues', async () => {
    await queues.close();
    valkey.disconnect();
  });

  lifecycle.registerShutdownHook('webhooks', () => webhooks.close());
  lifecycle.registerStartupHook('relay', () => relay.start(), ['postgres']);
  lifecycle.registerShutdownHook('relay', () => relay.stop());

  const cancellations = parts.connectValkey('queue', 'subscriber', 'cancellations');
  lifecycle.registerShutdownHook('cancellations', () => cancellations.disconnect());
  lifecycle.registerStartupHook('workers', async () => {
    workers = await startWorkers({
      connect: () => parts.connectValkey('queue', 'blocking', 'worker'),
      valkey,
      subscriber: cancellations,
      handlers: jobHandlers(root),
      queues,
      inTenant: (tenantId, work) =>
        withTenant(systemContext(root, 'worker', { tenantId, requestId: 'job' }), ({ tx }) =>
          work(tx),
        ),
      concurrency: config.jobs.concurrency,
      log,
      observe(news) {
        measure(news);
        jobNews.observe(news);
      },
    });
  }, ['postgres']);
  lifecycle.registerShutdownHook('workers', () => workers?.close());

  const watchdog = setInterval(() => {
    releaseStuck(valkey).catch((error) => log.warn({ err: String(error) }, 'jobs: watchdog'));
  }, WATCHDOG_MS);
  lifecycle.registerShutdownHook('watchdog', () => clearInterval(watchdog));

  const scheduler = createScheduler({
    ...{ schedules, log, database: parts.database, enqueue: queues.enqueue },
    isLeader: () => relay.isLeader,
  });
  lifecycle.registerStartupHook('schedules', () => scheduler.start(), ['relay']);
  lifecycle.registerShutdownHook('schedules', () => scheduler.stop());

  let server: ReturnType<typeof Bun.serve> | undefined;
  lifecycle.registerStartupHook('http', () => {
    const health = createHealthApp({ ...app, isReady: () => lifecycle.isReady });
    const scalingSignal = createScalingSignal(() => readBacklog(valkey), config.jobs.workersMax);
    health.get('/backlog', async (c) => c.json(await scalingSignal()));
    const { host: hostname, port } = config.service;
    server = Bun.serve({ hostname, port, fetch: health.fetch });
  });
  lifecycle.registerShutdownHook('http', () => server?.stop(true));
});
