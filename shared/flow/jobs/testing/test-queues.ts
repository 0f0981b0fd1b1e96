import type { Id } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import type { Logger } from '@insightdesk/shared/logging';
import { createTestContext } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createJobControl } from '../control/job-control.ts';
import type { JobRequest } from '../definition/define-job.ts';
import type { JobStatusEvent } from '../queue/job-run.ts';
import { createQueues } from '../queue/queues.ts';
import type { Handler } from '../queue/run-job.ts';
import { startWorkers, type Workers, type WorkersOptions } from '../queue/workers.ts';
import type { EnqueueQuota } from '../quota/enqueue-limiter.ts';

/** Queues with a prefix of their own on the test Valkey, and workers on them; close it after the tests. */
export function createTestQueues(quota?: EnqueueQuota) {
  const { context, container, log, close: closeContext } = createTestContext();
  const prefix = `test-${newId('evt')}`;
  const closing: (() => unknown)[] = [closeContext];
  const connect = () => {
    const connection = container.connectValkey('queue', 'blocking', 'test-jobs');
    closing.push(() => connection.disconnect());
    return connection;
  };
  const valkey = connect();
  const queues = createQueues(valkey, prefix, quota);
  closing.push(() => queues.close());
  const events: JobStatusEvent[] = [];

  async function work(
    handlers: Record<string, Handler>,
    concurrency = 1,
    workerLog: Logger = log,
    concurrencyOf: WorkersOptions['concurrencyOf'] = {},
  ): Promise<Workers> {
    const workers = await startWorkers({
      handlers,
      queues,
      valkey,
      connect,
      concurrency,
      concurrencyOf,
      prefix,
      log: workerLog,
      subscriber: connect(),
      inTenant: (tenantId, run) => inTenant(container.database, tenantId, run),
      observe: (event) => void events.push(event),
    });
    let isOpen = true;
    const close = async () => {
      if (isOpen) await workers.close();
      isOpen = false;
    };
    closing.push(close);
    return { close };
  }

  return {
    context,
    container,
    log: log as Logger,
    prefix,
    valkey,
    queues,
    events,
    work,
    connect,
    control: createJobControl(queues, valkey, prefix),
    async close() {
      for (const end of closing.splice(0).reverse()) await end();
    },
  };
}

export const inTenant = <T>(
  database: Database,
  tenantId: Id<'org'>,
  run: (tx: Parameters<Parameters<Database['write']>[1]>[0]) => Promise<T>,
) => database.write({ tenantId }, run);

/** A request with a new id, of a new organization by default. */
export const request = (
  job: JobRequest['job'],
  payload: unknown,
  more: Partial<JobRequest> = {},
): JobRequest => ({
  job,
  payload,
  id: newId('evt'),
  tenantId: newId('org'),
  requestId: 'test',
  ...more,
});
