import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { webhookRemoved } from './events.ts';
import { isWebhook } from './require-webhook.ts';
import { webhooks } from './tables.ts';

/** Removes a webhook and its log. */
export const removeWebhook = defineAction({
  summary: 'Remove a webhook',
  input: z.strictObject({ id: idSchema('whk') }),
  output: z.void(),
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const gone = await ctx.tx
      .delete(webhooks)
      .where(isWebhook(ctx, id))
      .returning({ id: webhooks.id });
    if (gone.length === 0) throw WebhookErrors.NotFound();
    await record(ctx, webhookRemoved, { webhookId: id });
  },
});
