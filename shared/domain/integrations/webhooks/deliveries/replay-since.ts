import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { addDays } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { WebhookErrors } from '../errors.ts';
import { webhookReplayRequested } from '../events.ts';
import { requireWebhook } from '../get-webhook.ts';
import { RETENTION_DAYS } from './retry-delays.ts';

/** Delivers all events since a time again, by the filters that the webhook has now. */
export const replaySince = defineAction({
  summary: 'Replay events since a time',
  input: z.strictObject({
    id: idSchema('whk'),
    since: z.iso.datetime({ offset: true }),
    until: z.iso.datetime({ offset: true }).optional(),
  }),
  output: z.object({ since: z.iso.datetime(), until: z.iso.datetime() }),
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id, ...given }) {
    const { enabled } = await requireWebhook(ctx, id);
    if (!enabled) throw WebhookErrors.Disabled();
    const oldest = addDays(new Date(), -RETENTION_DAYS);
    const since = new Date(Math.max(Date.parse(given.since), oldest.getTime())).toISOString();
    const until = (given.until ? new Date(given.until) : new Date()).toISOString();
    await record(ctx, webhookReplayRequested, { webhookId: id, since, until });
    return { since, until };
  },
});
