import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** The system gave up on a webhook: its address is gone, or nothing but failures came for days. */
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
  z.object({ webhookId: idSchema('whk'), lane: z.string() }),
);

/** What the audit log tells of a webhook; never its secret. */
const described = z.object({
  webhookId: idSchema('whk'),
  url: z.string().optional(),
  events: z.array(z.string()).optional(),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
});

export const webhookAdded = defineEvent('webhook.added', described);

/** With what was changed. */
export const webhookChanged = defineEvent('webhook.changed', described);

export const webhookRemoved = defineEvent('webhook.removed', described);

export const webhookSecretReplaced = defineEvent('webhook.secret-replaced', described);
