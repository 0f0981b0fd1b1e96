import { idSchema } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const delivery = { queue: 'webhook-delivery', attempts: 8 } as const;

/** Creates the deliveries of the events that the relay stored. */
export const fanOutJob = defineJob({
  ...delivery,
  name: 'webhooks.fan-out',
  triggeredBy: ['relay', 'job'],
  payload: z.object({}),
});

/** Sends the waiting deliveries of one webhook with one ordering key. */
export const deliverInOrderJob = defineJob({
  ...delivery,
  name: 'webhooks.deliver',
  triggeredBy: ['webhook.delivery-replay-requested', 'job'],
  payload: z.object({
    webhookId: idSchema('whk'),
    orderingKey: z.string(),
    /** A delivery that is due after its queue has skipped it. */
    eventId: idSchema('evt').optional(),
  }),
  limit: { key: ({ webhookId, orderingKey }) => `${webhookId}:${orderingKey}`, concurrent: 1 },
  // Receivers that never answer leave slots for the other organizations.
  organizationShare: 0.5,
  timeoutMs: 40_000,
});

/** Creates the deliveries of past events anew. */
export const replayEventsJob = defineJob({
  ...delivery,
  name: 'webhooks.replay',
  triggeredBy: ['webhook.replay-requested'],
  payload: z.object({
    webhookId: idSchema('whk'),
    since: z.iso.datetime(),
    until: z.iso.datetime(),
  }),
});

/** Sends the owners an e-mail that a webhook was disabled. */
export const notifyOwnersJob = defineJob({
  name: 'webhooks.notify-owners',
  triggeredBy: ['webhook.disabled'],
  queue: 'email-sending',
  attempts: 8,
  payload: z.object({ webhookId: idSchema('whk'), reason: z.enum(['gone', 'failing']) }),
});
