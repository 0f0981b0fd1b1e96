import type { App } from '@insightdesk/shared/boot';
import { createHealthApp } from '@insightdesk/shared/http';
import { readBacklog } from '@insightdesk/shared/jobs';
import type { Work } from './queues.ts';
import { createScalingSignal } from './scaling.ts';

/** Answers on the worker's own port: health, metrics, and what scaling goes by. */
export function serveHealth(app: App, { valkey }: Work): void {
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
