import { defineAction, requireMatch } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { webhookDeleted } from './events.ts';
import { isWebhook, requireWebhook } from './get-webhook.ts';
import { webhooks } from './tables.ts';
import { toWebhook, webhookEtag } from './view.ts';

export const deleteWebhook = defineAction({
  summary: 'Delete a webhook',
  input: z.strictObject({ id: idSchema('whk') }),
  output: z.void(),
  requiresIfMatch: true,
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    if (ctx.ifMatch !== undefined) {
      requireMatch(ctx, webhookEtag(toWebhook(await requireWebhook(ctx, id, true))));
    }
    const deleted = await ctx.tx
      .delete(webhooks)
      .where(isWebhook(ctx, id))
      .returning({ id: webhooks.id });
    if (deleted.length === 0) throw WebhookErrors.NotFound();
    await record(ctx, webhookDeleted, { webhookId: id });
  },
});
