import type { App } from '@insightdesk/shared/boot';
import { openAuditOutlet } from '@insightdesk/shared/domain/audit';
import { openWebhookOutlet } from '@insightdesk/shared/domain/webhooks';
import { createRelay, type Relay } from '@insightdesk/shared/events';
import { createLossWatch } from '@insightdesk/shared/jobs';
import { createChannelLog, createChannelRefill } from '@insightdesk/shared/realtime';
import { createDispatch } from './dispatch.ts';
import type { Work } from './queues.ts';
import { consequencesOf } from './reactions.ts';
import { createRefill } from './refill.ts';

/** Carries out what follows from events, in their order, on the one worker that leads. */
export function runRelay(app: App, { queues, valkey }: Work): Relay {
  const { config, lifecycle, log, parts } = app;
  const webhooks = openWebhookOutlet(config.database.url, config.database.timeoutMs);
  lifecycle.registerShutdownHook('webhooks', () => webhooks.close());
  const audit = openAuditOutlet(config.database.url, config.database.timeoutMs);
  lifecycle.registerShutdownHook('audit', () => audit.close());
  const jobs = createLossWatch(valkey);
  const relay = createRelay({
    url: config.database.url,
    log,
    dispatch: createDispatch(consequencesOf, {
      channelLog: createChannelLog(parts.valkey, config.realtime),
      queues,
      cache: parts.cache,
      webhooks,
      audit,
      jobs,
    }),
    prepare: createRefill(consequencesOf, {
      channels: createChannelRefill(parts.valkey, config.realtime),
      jobs,
      queues,
      historySeconds: config.realtime.historySeconds,
      log,
    }),
  });
  lifecycle.register('relay', relay, ['postgres']);
  return relay;
}
