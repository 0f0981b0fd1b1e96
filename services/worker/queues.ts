import type { App } from '@insightdesk/shared/boot';
import type { Id } from '@insightdesk/shared/contract';
import { createHeldJobs, createQueues, releaseStuck } from '@insightdesk/shared/jobs';

/** The queues, and the connection they are on. */
export type Work = ReturnType<typeof openQueues>;

/** How often jobs that wait for others are looked at. */
const WATCHDOG_MS = 30_000;

/** Opens the queues, and keeps blocked jobs from waiting for what will never come. */
export function openQueues({ lifecycle, log, parts }: App) {
  const valkey = parts.connectValkey('queue', 'blocking', 'queues');
  const { meter, database } = parts;
  const roomOf = (tenantId: Id<'org'>) => ({
    jobs: meter.limitOf(tenantId, 'waiting-jobs'),
    bytes: meter.limitOf(tenantId, 'job-bytes'),
  });
  const held = createHeldJobs(database);
  const queues = createQueues(valkey, 'jobs', { roomOf, held });
  lifecycle.registerShutdownHook('queues', async () => {
    await queues.close();
    valkey.disconnect();
  });
  const watchdog = setInterval(() => {
    releaseStuck(valkey).catch((error) => log.warn({ err: String(error) }, 'jobs: watchdog'));
  }, WATCHDOG_MS);
  lifecycle.registerShutdownHook('watchdog', () => clearInterval(watchdog));
  return { queues, valkey, held, roomOf };
}
