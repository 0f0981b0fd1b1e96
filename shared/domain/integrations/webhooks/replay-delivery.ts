import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { isItsEvent } from './deliveries.ts';
import { WebhookErrors } from './errors.ts';
import { deliveryReplayRequested } from './events.ts';
import { requireWebhook } from './require-webhook.ts';
import { webhookDeliveries as deliveries, outgoingEvents } from './tables.ts';
import { deliveryView, toDelivery } from './view.ts';

/** Delivers one event again, whatever became of it before. */
export const replayDelivery = defineAction({
  summary: 'Deliver an event again',
  input: z.strictObject({ id: idSchema('whk'), deliveryId: idSchema('evt') }),
  output: deliveryView,
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id, deliveryId }) {
    const { enabled } = await requireWebhook(ctx, id);
    const isIt = and(
      eq(deliveries.tenantId, ctx.tenantId),
      eq(deliveries.webhookId, id),
      eq(deliveries.eventId, deliveryId),
    );
    const [known] = await ctx.tx
      .select({ type: outgoingEvents.type })
      .from(deliveries)
      .innerJoin(outgoingEvents, isItsEvent)
      .where(isIt);
    if (!known) throw WebhookErrors.DeliveryNotFound();
    if (!enabled) throw WebhookErrors.Disabled();
    const now = new Date();
    const [again] = await ctx.tx
      .update(deliveries)
      .set({
        status: 'waiting',
        round: sql`${deliveries.round} + 1`,
        attempts: 0,
        dueSince: now,
        nextAttemptAt: now,
      })
      .where(isIt)
      .returning();
    if (!again) throw WebhookErrors.DeliveryNotFound();
    await record(ctx, deliveryReplayRequested, { webhookId: id, lane: again.lane });
    return toDelivery({ ...again, ...known });
  },
});
