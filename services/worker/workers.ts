import type { App } from '@insightdesk/shared/boot';
import { systemContext, withTenant } from '@insightdesk/shared/context';
import { type JobNews, startWorkers, type Workers } from '@insightdesk/shared/jobs';
import { jobHandlers } from './jobs.ts';
import type { Work } from './queues.ts';

/** Does what is waiting in the queues, and tells `observers` how it goes. */
export function runWorkers(
  app: App,
  { queues, valkey }: Work,
  observers: readonly ((news: JobNews) => void)[],
): void {
  const { config, lifecycle, log, parts } = app;
  const actor = { kind: 'system', name: 'worker' } as const;
  const root = app.context({ actor, tenantId: undefined, requestId: 'worker' });
  const cancellations = parts.connectValkey('queue', 'subscriber', 'cancellations');
  lifecycle.registerShutdownHook('cancellations', () => cancellations.disconnect());
  let workers: Workers | undefined;

  async function start() {
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
      observe: (news) => {
        for (const observe of observers) observe(news);
      },
    });
  }

  lifecycle.register('workers', { start, stop: () => workers?.close() }, ['postgres']);
}
