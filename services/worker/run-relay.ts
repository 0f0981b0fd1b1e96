import type { App } from '@insightdesk/shared/boot';
import { openWebhookSink } from '@insightdesk/shared/domain/integrations/webhooks';
import { openAuditSink } from '@insightdesk/shared/domain/tenancy/audit';
import { createRelay, type Relay } from '@insightdesk/shared/events';
import { createDataLossDetector, hasOlderWorkers } from '@insightdesk/shared/jobs';
import { createChannelRebuild } from '@insightdesk/shared/realtime';
import { createCoalescer } from './coalesce-notifications.ts';
import { createDispatch } from './dispatch.ts';
import { watchRelay } from './metrics/watch-relay.ts';
import type { WorkerQueues } from './open-queues.ts';
import { effectsOf } from './reactions.ts';
import { createRebuild } from './rebuild-from-outbox.ts';
import { traceBatch } from './trace-batch.ts';

/** Dispatches recorded events in order, on the worker that is the leader. */
export function runRelay(app: App, { queues, valkey, parkedJobs }: WorkerQueues): Relay {
  const { config, lifecycle, log, container } = app;
  const url = container.relayUrl;
  const webhooks = openWebhookSink(url, config.database.timeoutMs);
  lifecycle.registerShutdownHook('webhooks', () => webhooks.close());
  const audit = openAuditSink(url, config.database.timeoutMs);
  lifecycle.registerShutdownHook('audit', () => audit.close());
  const dataLoss = createDataLossDetector(valkey);
  const metrics = watchRelay(app);
  const dispatch = createDispatch(effectsOf, {
    channelLog: metrics.watchLog(container.channelLog),
    queues,
    cache: container.cache,
    webhooks,
    audit,
    dataLoss,
    coalesce: createCoalescer(() => hasOlderWorkers(valkey)),
  });
  const relay = createRelay({
    url,
    log,
    dispatch: metrics.watchDispatch(async (events, onPublished) => {
      const positions = await traceBatch(events, (traced) => dispatch(traced, onPublished));
      for (const { tenantId } of events) container.meter.count(tenantId, 'events');
      return positions;
    }),
    prepare: createRebuild(effectsOf, {
      channels: createChannelRebuild(container.valkey, container.channelHistory),
      dataLoss,
      queues,
      parkedJobs,
      historySeconds: config.realtime.historySeconds,
      log,
    }),
  });
  metrics.watchLeader(() => relay.isLeader);
  lifecycle.register('relay', relay, ['postgres']);
  return relay;
}
