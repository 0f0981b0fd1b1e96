import { boot } from '@insightdesk/shared/boot';
import { createRelay } from '@insightdesk/shared/events';
import { createHealthApp } from '@insightdesk/shared/http';
import { createQueues, startWorkers, type Workers } from '@insightdesk/shared/jobs';
import { createChannelLog } from '@insightdesk/shared/realtime';
import { createDispatch } from './dispatch.ts';
import { jobHandlers } from './jobs.ts';
import { watchWork } from './metrics.ts';
import { reactions } from './reactions.ts';

await boot('worker', (app) => {
  const { config, log, lifecycle, metrics, parts } = app;
  const actor = { kind: 'system', name: 'worker' } as const;
  const root = app.context({ actor, tenantId: undefined, requestId: 'worker' });
  const valkey = parts.connectValkey('queue', 'blocking', 'queues');
  const queues = createQueues(valkey);
  const relay = createRelay({
    url: config.database.url,
    log,
    dispatch: createDispatch(reactions, {
      channelLog: createChannelLog(parts.valkey, config.realtime),
      queues,
    }),
  });
  const observe = watchWork(metrics, { queues, relay });
  let workers: Workers | undefined;

  lifecycle.registerShutdownHook('queues', async () => {
    await queues.close();
    valkey.disconnect();
  });

  lifecycle.registerStartupHook('relay', () => relay.start(), ['postgres']);
  lifecycle.registerShutdownHook('relay', () => relay.stop());

  lifecycle.registerStartupHook('workers', () => {
    workers = startWorkers({
      connect: () => parts.connectValkey('queue', 'blocking', 'worker'),
      handlers: jobHandlers(root),
      enqueue: queues.enqueue,
      concurrency: config.jobs.concurrency,
      log,
      observe,
    });
  }, ['postgres']);
  lifecycle.registerShutdownHook('workers', () => workers?.close());

  let server: ReturnType<typeof Bun.serve> | undefined;
  lifecycle.registerStartupHook('http', () => {
    const { fetch } = createHealthApp({ ...app, isReady: () => lifecycle.isReady });
    const { host: hostname, port } = config.service;
    server = Bun.serve({ hostname, port, fetch });
  });
  lifecycle.registerShutdownHook('http', () => server?.stop(true));
});
