import type { App } from '@insightdesk/shared/boot';
import { systemContext, withTenant } from '@insightdesk/shared/context';
import { type JobStatusEvent, startWorkers, type Workers } from '@insightdesk/shared/jobs';
import { jobHandlers } from './jobs.ts';
import type { WorkerQueues } from './open-queues.ts';

/** Runs the jobs of all queues and reports their status to `observers`. */
export function runWorkers(
  app: App,
  { queues, valkey }: WorkerQueues,
  observers: readonly ((event: JobStatusEvent) => void)[],
): void {
  const { config, lifecycle, log, container } = app;
  const actor = { kind: 'system', name: 'worker' } as const;
  const root = app.context({ actor, tenantId: undefined, requestId: 'worker' });
  const cancellations = container.connectValkey('queue', 'subscriber', 'cancellations');
  lifecycle.registerShutdownHook('cancellations', () => cancellations.disconnect());
  let workers: Workers | undefined;

  async function start() {
    workers = await startWorkers({
      connect: () => container.connectValkey('queue', 'blocking', 'worker'),
      valkey,
      subscriber: cancellations,
      handlers: jobHandlers(root),
      queues,
      inTenant: (tenantId, work) =>
        withTenant(systemContext(root, 'worker', { tenantId, requestId: 'job' }), ({ tx }) =>
          work(tx),
        ),
      concurrency: config.jobs.concurrency,
      // A conversion takes minutes: the next ones wait in Valkey, in fair order.
      concurrencyOf: { 'media-conversion': config.media.concurrency },
      log,
      observe: (event) => {
        for (const observe of observers) observe(event);
      },
    });
  }

  lifecycle.register('workers', { start, stop: () => workers?.close() }, ['postgres']);
}
