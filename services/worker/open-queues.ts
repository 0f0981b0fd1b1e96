import type { App } from '@insightdesk/shared/boot';
import { createQueues, unblockOrphans } from '@insightdesk/shared/jobs';

export type WorkerQueues = ReturnType<typeof openQueues>;

const UNBLOCK_INTERVAL_MS = 30_000;

/** Opens the queues and unblocks jobs whose dependencies were lost. */
export function openQueues({ lifecycle, log, container }: App) {
  const valkey = container.connectValkey('queue', 'blocking', 'queues');
  const queues = createQueues(valkey, 'jobs', container.queueLimits);
  lifecycle.registerShutdownHook('queues', async () => {
    await queues.close();
    valkey.disconnect();
  });
  const timer = setInterval(() => {
    unblockOrphans(valkey).catch((error) =>
      log.warn({ err: String(error) }, 'jobs: unblocking orphans failed'),
    );
  }, UNBLOCK_INTERVAL_MS);
  lifecycle.registerShutdownHook('unblock orphans', () => clearInterval(timer));
  return { queues, valkey, ...container.queueLimits };
}
