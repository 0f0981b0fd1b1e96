import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireWebhook } from './require-webhook.ts';
import { toWebhook, webhookEtag, webhookView } from './view.ts';

export const getWebhook = defineAction({
  summary: 'Get a webhook',
  input: z.strictObject({ id: idSchema('whk') }),
  output: webhookView,
  etag: webhookEtag,
  allow: 'webhooks:read',
  transaction: 'read',
  run: async (ctx, { id }) => toWebhook(await requireWebhook(ctx, id)),
});
