import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** The system disabled a webhook: it answered 410, or only failed for days. */
export const webhookDisabled = defineEvent(
  'webhook.disabled',
  z.object({ webhookId: idSchema('whk'), reason: z.enum(['gone', 'failing']) }),
  { staff: 'payload', webhooks: true },
);

export const webhookReplayRequested = defineEvent(
  'webhook.replay-requested',
  z.object({ webhookId: idSchema('whk'), since: z.iso.datetime(), until: z.iso.datetime() }),
);

export const deliveryReplayRequested = defineEvent(
  'webhook.delivery-replay-requested',
  z.object({ webhookId: idSchema('whk'), orderingKey: z.string() }),
);

/** A webhook in the audit log, without its secret. */
const audited = z.object({
  webhookId: idSchema('whk'),
  url: z.string().optional(),
  events: z.array(z.string()).optional(),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
});

export const webhookCreated = defineEvent('webhook.created', audited);

/** With the changed fields. */
export const webhookUpdated = defineEvent('webhook.updated', audited);

export const webhookDeleted = defineEvent('webhook.deleted', audited);

export const webhookSecretRotated = defineEvent('webhook.secret-rotated', audited);
