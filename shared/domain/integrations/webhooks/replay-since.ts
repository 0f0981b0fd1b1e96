import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { addDays } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { webhookReplayRequested } from './events.ts';
import { requireWebhook } from './require-webhook.ts';
import { KEPT_DAYS } from './schedule.ts';

/** Delivers everything again that happened since a time, also what the webhook did not want then. */
export const replaySince = defineAction({
  summary: 'Deliver the events since a time again',
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
    const oldest = addDays(new Date(), -KEPT_DAYS);
    const since = new Date(Math.max(Date.parse(given.since), oldest.getTime())).toISOString();
    const until = (given.until ? new Date(given.until) : new Date()).toISOString();
    await record(ctx, webhookReplayRequested, { webhookId: id, since, until });
    return { since, until };
  },
});
