import { purgeTenantKeys } from '@insightdesk/shared/boot';
import type { Context } from '@insightdesk/shared/context';
import { connect } from '@insightdesk/shared/database';
import { deliverInOrder, openWebhookSink } from '@insightdesk/shared/domain/integrations/webhooks';
import { openAuditSink } from '@insightdesk/shared/domain/tenancy/audit';
import { createRelay } from '@insightdesk/shared/events';
import { createDataLossDetector, createQueues, startWorkers } from '@insightdesk/shared/jobs';
import { createChannelLog } from '@insightdesk/shared/realtime';
import { createSafeFetch } from '@insightdesk/shared/security';
import { createTestContext, createTestDatabase, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createDispatch } from '../dispatch.ts';
import { jobHandlers } from '../jobs.ts';
import { effectsOf } from '../reactions.ts';

/** Retry delays of webhook deliveries, shortened. */
const retryDelaysMs = [100, 200, 300, 400];

const system = { kind: 'system', name: 'worker' } as const;

/** A worker with its relay on its own database and queues; close it after the tests. */
export async function openTestWorker({ webhookTimeoutMs = 2_000 } = {}) {
  const server = await createTestDatabase();
  const stage = createTestContext(server.url);
  const { database } = stage.context;
  const context: Context = {
    ...stage.context,
    security: {
      ...stage.context.security,
      safeFetch: createSafeFetch({ allowPrivate: true, timeoutMs: webhookTimeoutMs }),
    },
  };
  const closing: (() => unknown)[] = [];
  const openValkey = () => {
    const valkey = stage.container.connectValkey('queue', 'blocking', 'test-worker');
    closing.push(() => valkey.disconnect());
    return valkey;
  };
  const valkey = openValkey();
  const prefix = `test-${newId('evt')}`;
  const queues = createQueues(valkey, prefix);
  closing.push(() => queues.close());
  const stores = { connect: stage.container.connectValkey, queues, prefix };
  context.purgeTenantKeys = (tenantId) => purgeTenantKeys(stores, tenantId);
  const sinks = openSinks(server.relayUrl, closing);
  const channelLog = createChannelLog(valkey, { historyLength: 1000, historySeconds: 60 });
  const dispatch = createDispatch(effectsOf, {
    ...sinks,
    channelLog,
    queues,
    cache: context.cache,
    dataLoss: createDataLossDetector(valkey, prefix),
  });
  const relay = createRelay({
    url: server.relayUrl,
    log: stage.log,
    dispatch,
    pollMs: 50,
    electionMs: 50,
  });
  relay.start();
  closing.push(() => relay.stop());
  const workers = await startWorkers({
    queues,
    valkey,
    prefix,
    log: stage.log,
    connect: openValkey,
    subscriber: openValkey(),
    concurrency: 4,
    inTenant: (tenantId, work) => database.write({ tenantId }, work),
    handlers: fastRetryHandlers(context),
  });
  closing.push(() => workers.close());
  const admin = connect(server.adminUrl, { timeoutMs: 5_000 });

  return {
    context,
    admin,
    queues,
    relay,
    webhooks: sinks.webhooks,
    dispatch,
    channelLog,
    valkey,
    mailer: stage.mailer,
    ...server,
    flushMeter: () => stage.container.meter.flush(),
    /** Waits until all recorded events are relayed. */
    waitForRelay: () =>
      until(async () => (await admin`select 1 from outbox where relayed_at is null`).length, {
        equals: 0,
      }),
    async close() {
      for (const end of closing.toReversed()) await end();
      await admin.end();
      await stage.close();
      await server.drop();
    },
  };
}

function openSinks(url: string, closing: (() => unknown)[]) {
  const webhooks = openWebhookSink(url);
  const audit = openAuditSink(url);
  closing.push(
    () => webhooks.close(),
    () => audit.close(),
  );
  return { webhooks, audit };
}

/** The handlers of all jobs, with shortened retry delays of webhook deliveries. */
function fastRetryHandlers(context: Context): ReturnType<typeof jobHandlers> {
  const handlers = jobHandlers(context);
  return {
    ...handlers,
    'webhooks.deliver': {
      ...handlers['webhooks.deliver'],
      run: (payload, run) => {
        const ctx = { ...context, actor: system, tenantId: run.tenantId };
        return deliverInOrder(ctx, payload, run, retryDelaysMs);
      },
    },
  };
}
