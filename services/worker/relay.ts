import type { App } from '@insightdesk/shared/boot';
import type { Id } from '@insightdesk/shared/contract';
import { openWebhookOutlet } from '@insightdesk/shared/domain/integrations/webhooks';
import { openAuditOutlet } from '@insightdesk/shared/domain/tenancy/audit';
import { createRelay, type Relay } from '@insightdesk/shared/events';
import { createLossWatch, hasOlderWorkers } from '@insightdesk/shared/jobs';
import { createChannelLog, createChannelRefill } from '@insightdesk/shared/realtime';
import { createDispatch } from './dispatch.ts';
import { createGather } from './gather.ts';
import { watchRelay } from './metrics/watch-relay.ts';
import type { Work } from './queues.ts';
import { effectsOf } from './reactions.ts';
import { createRefill } from './refill.ts';
import { traceBatch } from './trace-batch.ts';

/** Carries out what follows from events, in their order, on the one worker that leads. */
export function runRelay(app: App, { queues, valkey, held }: Work): Relay {
  const { config, lifecycle, log, parts } = app;
  const url = parts.relayUrl;
  const webhooks = openWebhookOutlet(url, config.database.timeoutMs);
  lifecycle.registerShutdownHook('webhooks', () => webhooks.close());
  const audit = openAuditOutlet(url, config.database.timeoutMs);
  lifecycle.registerShutdownHook('audit', () => audit.close());
  const jobs = createLossWatch(valkey);
  const history = {
    ...config.realtime,
    budgetOf: (tenantId: Id<'org'>) => parts.meter.limitOf(tenantId, 'log-bytes'),
  };
  const figures = watchRelay(app);
  const dispatch = createDispatch(effectsOf, {
    channelLog: figures.appending(createChannelLog(parts.valkey, history)),
    queues,
    cache: parts.cache,
    webhooks,
    audit,
    jobs,
    gather: createGather(() => hasOlderWorkers(valkey)),
  });
  const relay = createRelay({
    url,
    log,
    dispatch: figures.telling(async (events, told) => {
      const places = await traceBatch(events, (traced) => dispatch(traced, told));
      for (const { tenantId } of events) parts.meter.count(tenantId, 'events');
      return places;
    }),
    prepare: createRefill(effectsOf, {
      channels: createChannelRefill(parts.valkey, history),
      jobs,
      queues,
      held,
      historySeconds: config.realtime.historySeconds,
      log,
    }),
  });
  figures.leads(() => relay.isLeader);
  lifecycle.register('relay', relay, ['postgres']);
  return relay;
}
