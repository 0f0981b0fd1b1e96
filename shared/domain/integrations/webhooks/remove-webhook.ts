import { defineAction, requireMatch } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { webhookRemoved } from './events.ts';
import { isWebhook, requireWebhook } from './require-webhook.ts';
import { webhooks } from './tables.ts';
import { toWebhook, webhookTag } from './view.ts';

/** Removes a webhook and its log. */
export const removeWebhook = defineAction({
  summary: 'Remove a webhook',
  input: z.strictObject({ id: idSchema('whk') }),
  output: z.void(),
  looksAtVersion: true,
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    if (ctx.ifMatch !== undefined) {
      requireMatch(ctx, webhookTag(toWebhook(await requireWebhook(ctx, id, true))));
    }
    const gone = await ctx.tx
      .delete(webhooks)
      .where(isWebhook(ctx, id))
      .returning({ id: webhooks.id });
    if (gone.length === 0) throw WebhookErrors.NotFound();
    await record(ctx, webhookRemoved, { webhookId: id });
  },
});
