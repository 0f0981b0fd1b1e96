import type { App } from '@insightdesk/shared/boot';
import type { Id } from '@insightdesk/shared/contract';
import { createParkedJobs, createQueues, unblockOrphans } from '@insightdesk/shared/jobs';

export type WorkerQueues = ReturnType<typeof openQueues>;

const UNBLOCK_INTERVAL_MS = 30_000;

/** Opens the queues and unblocks jobs whose dependencies were lost. */
export function openQueues({ lifecycle, log, container }: App) {
  const valkey = container.connectValkey('queue', 'blocking', 'queues');
  const { meter, database } = container;
  const quotaOf = (tenantId: Id<'org'>) => ({
    jobs: meter.limitOf(tenantId, 'waiting-jobs'),
    bytes: meter.limitOf(tenantId, 'job-bytes'),
  });
  const parkedJobs = createParkedJobs(database);
  const queues = createQueues(valkey, 'jobs', { quotaOf, parkedJobs });
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
  return { queues, valkey, parkedJobs, quotaOf };
}
