import { idSchema } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const patient = { queue: 'webhook-delivery', attempts: 8 } as const;

/** Lays what the relay wrote down into the lanes of the webhooks that want it. */
export const fanOutEvents = defineJob({
  ...patient,
  name: 'webhooks.fan-out',
  triggeredBy: ['relay'],
  payload: z.object({}),
});

/** Delivers what waits in one lane of one webhook. */
export const deliverLane = defineJob({
  ...patient,
  name: 'webhooks.deliver',
  triggeredBy: ['webhook.delivery-replay-requested', 'job'],
  payload: z.object({
    webhookId: idSchema('whk'),
    lane: z.string(),
    /** The delivery whose time has come, should the lane have passed it. */
    eventId: idSchema('evt').optional(),
  }),
  limit: { key: ({ webhookId, lane }) => `${webhookId}:${lane}`, concurrent: 1 },
  timeoutMs: 40_000,
});

/** Lays past events into the lanes again. */
export const replayEvents = defineJob({
  ...patient,
  name: 'webhooks.replay',
  triggeredBy: ['webhook.replay-requested'],
  payload: z.object({
    webhookId: idSchema('whk'),
    since: z.iso.datetime(),
    until: z.iso.datetime(),
  }),
});

/** Tells the owners that a webhook was switched off. */
export const emailDisabled = defineJob({
  name: 'webhooks.email-disabled',
  triggeredBy: ['webhook.disabled'],
  queue: 'email-sending',
  attempts: 8,
  payload: z.object({ webhookId: idSchema('whk'), reason: z.enum(['gone', 'failing']) }),
});
