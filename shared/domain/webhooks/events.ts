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
