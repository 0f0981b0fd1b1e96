import type { App } from '@insightdesk/shared/boot';
import { createHealthApp } from '@insightdesk/shared/http';
import { readBacklog } from '@insightdesk/shared/jobs';
import type { WorkerQueues } from './open-queues.ts';
import { createScalingSignal } from './scaling-signal.ts';

/** Serves health, metrics and the scaling signal on the port of the worker. */
export function serveHealth(app: App, { valkey }: WorkerQueues): void {
  const { config, lifecycle } = app;
  const health = createHealthApp({ ...app, isReady: () => lifecycle.isReady });
  const scalingSignal = createScalingSignal(() => readBacklog(valkey), config.jobs.workersMax);
  health.get('/backlog', async (c) => c.json(await scalingSignal()));
  let server: ReturnType<typeof Bun.serve> | undefined;
  lifecycle.register('http', {
    start() {
      const { host: hostname, port } = config.service;
      server = Bun.serve({ hostname, port, fetch: health.fetch });
    },
    stop: () => server?.stop(true),
  });
}
