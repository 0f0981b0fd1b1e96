import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireWebhook } from './require-webhook.ts';
import { toWebhook, webhookTag, webhookView } from './view.ts';

export const getWebhook = defineAction({
  summary: 'Read a webhook',
  input: z.strictObject({ id: idSchema('whk') }),
  output: webhookView,
  etag: webhookTag,
  allow: 'webhooks:read',
  transaction: 'read',
  run: async (ctx, { id }) => toWebhook(await requireWebhook(ctx, id)),
});
