import type { App } from '@insightdesk/shared/boot';
import { usedQueues } from '@insightdesk/shared/domain/catalog';
import { createHealthApp } from '@insightdesk/shared/http';
import {
  type Backlog,
  readBacklog,
  type Scaling,
  scale,
  scalingPolicy,
  totalOf,
} from '@insightdesk/shared/jobs';
import type { WorkerQueues } from './open-queues.ts';

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

const isUsed = (name: string) => (usedQueues as ReadonlySet<string>).has(name);

/** Returns the backlog of the queues in use and the number of workers that they need; to be called every few seconds. */
function createScalingSignal(
  readBacklog: () => Promise<Record<string, Backlog>>,
  maxWorkers: number,
) {
  let scaling: Scaling = { workers: scalingPolicy.minWorkers };
  return async () => {
    const all = Object.entries(await readBacklog());
    const queues = Object.fromEntries(
      all.filter(([name, { waiting, active }]) => isUsed(name) || waiting + active > 0),
    );
    scaling = scale(scaling, queues, Date.now(), { ...scalingPolicy, maxWorkers });
    return { queues, total: totalOf(queues), desiredWorkers: scaling.workers };
  };
}
