import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { addDays } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { WebhookErrors } from '../errors.ts';
import { deliveryReplayRequested, webhookReplayRequested } from '../events.ts';
import { requireWebhook } from '../get-webhook.ts';
import { webhookDeliveries as deliveries, joinsEvent, outboundEvents } from '../tables.ts';
import { deliveryView, toDelivery } from '../view.ts';
import { RETENTION_DAYS } from './retry-delays.ts';

/** Delivers one event again, whatever its status is. */
export const replayDelivery = defineAction({
  summary: 'Replay a delivery',
  input: z.strictObject({ id: idSchema('whk'), deliveryId: idSchema('evt') }),
  output: deliveryView,
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id, deliveryId }) {
    const { enabled } = await requireWebhook(ctx, id);
    const isDelivery = matches(deliveries, {
      tenantId: ctx.tenantId,
      webhookId: id,
      eventId: deliveryId,
    });
    const [event] = await ctx.tx
      .select({ type: outboundEvents.type })
      .from(deliveries)
      .innerJoin(outboundEvents, joinsEvent)
      .where(isDelivery);
    if (!event) throw WebhookErrors.DeliveryNotFound();
    if (!enabled) throw WebhookErrors.Disabled();
    const now = new Date();
    const [replayed] = await ctx.tx
      .update(deliveries)
      .set({
        status: 'waiting',
        replayCount: sql`${deliveries.replayCount} + 1`,
        attempts: 0,
        dueSince: now,
        nextAttemptAt: now,
      })
      .where(isDelivery)
      .returning();
    if (!replayed) throw WebhookErrors.DeliveryNotFound();
    await record(ctx, deliveryReplayRequested, {
      webhookId: id,
      orderingKey: replayed.orderingKey,
    });
    return toDelivery({ ...replayed, ...event });
  },
});

/** Delivers all events since a time again, by the filters that the webhook has now. */
export const replaySince = defineAction({
  summary: 'Replay events since a time',
  input: z.strictObject({
    id: idSchema('whk'),
    since: z.iso.datetime({ offset: true }),
    until: z.iso.datetime({ offset: true }).optional(),
  }),
  output: z
    .object({ since: z.iso.datetime(), until: z.iso.datetime() })
    .meta({ id: 'ReplayedPeriod' }),
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id, ...given }) {
    const { enabled } = await requireWebhook(ctx, id);
    if (!enabled) throw WebhookErrors.Disabled();
    const oldest = addDays(new Date(), -RETENTION_DAYS);
    const since = new Date(Math.max(Date.parse(given.since), oldest.getTime())).toISOString();
    const until = (given.until ? new Date(given.until) : new Date()).toISOString();
    await record(ctx, webhookReplayRequested, { webhookId: id, since, until });
    return { since, until };
  },
});
