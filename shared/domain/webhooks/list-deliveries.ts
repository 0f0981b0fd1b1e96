import { defineAction } from '@insightdesk/shared/context';
import { idSchema, managerRoles } from '@insightdesk/shared/contract';
import { decodeCursor, page, pageInput, pageOf } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { addDays } from '@insightdesk/shared/utils';
import { and, desc, eq, getTableColumns, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { requireWebhook } from './endpoints.ts';
import { WebhookErrors } from './errors.ts';
import { deliveryReplayRequested, webhookReplayRequested } from './events.ts';
import { KEPT_DAYS } from './fan-out.ts';
import { webhookDeliveries as deliveries, deliveryStatuses, outgoingEvents } from './tables.ts';
import { deliveryView, toDelivery } from './view.ts';

/** How deliveries went, newest event first. */
export const listDeliveries = defineAction({
  summary: 'List the deliveries of a webhook',
  input: z.strictObject({
    id: idSchema('whk'),
    ...pageInput,
    status: z.enum(deliveryStatuses).optional(),
  }),
  output: pageOf(deliveryView),
  allow: managerRoles,
  transaction: 'read',
  async run(ctx, { id, limit, cursor, status }) {
    const before = decodeCursor(cursor, z.int());
    const [, rows] = await Promise.all([
      requireWebhook(ctx, id),
      ctx.tx
        .select({ ...getTableColumns(deliveries), type: outgoingEvents.type })
        .from(deliveries)
        .innerJoin(outgoingEvents, isItsEvent)
        .where(
          and(
            eq(deliveries.tenantId, ctx.tenantId),
            eq(deliveries.webhookId, id),
            status && eq(deliveries.status, status),
            before !== undefined ? lt(deliveries.position, before) : undefined,
          ),
        )
        .orderBy(desc(deliveries.position))
        .limit(limit + 1)
        .execute(),
    ]);
    return page(rows, limit, ({ position }) => position, toDelivery);
  },
});

/** Delivers one event again, whatever became of it before. */
export const replayDelivery = defineAction({
  summary: 'Deliver an event again',
  input: z.strictObject({ id: idSchema('whk'), deliveryId: idSchema('evt') }),
  output: deliveryView,
  allow: managerRoles,
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
        ...{ status: 'waiting', attempts: 0, dueSince: now, nextAttemptAt: now },
        round: sql`${deliveries.round} + 1`,
      })
      .where(isIt)
      .returning();
    if (!again) throw WebhookErrors.DeliveryNotFound();
    await record(ctx, deliveryReplayRequested, { webhookId: id, lane: again.lane });
    return toDelivery({ ...again, ...known });
  },
});

/** Delivers everything again that happened since a time, also what the webhook did not want then. */
export const replaySince = defineAction({
  summary: 'Deliver the events since a time again',
  input: z.strictObject({
    id: idSchema('whk'),
    since: z.iso.datetime({ offset: true }),
    until: z.iso.datetime({ offset: true }).optional(),
  }),
  output: z.object({ since: z.iso.datetime(), until: z.iso.datetime() }),
  allow: managerRoles,
  transaction: 'write',
  async run(ctx, { id, ...given }) {
    const { enabled } = await requireWebhook(ctx, id);
    if (!enabled) throw WebhookErrors.Disabled();
    const oldest = addDays(new Date(), -KEPT_DAYS);
    const since = new Date(Math.max(Date.parse(given.since), oldest.getTime())).toISOString();
    const until = (given.until ? new Date(given.until) : new Date()).toISOString();
    await record(ctx, webhookReplayRequested, { webhookId: id, since, until });
    return { since, until };
  },
});

const isItsEvent = and(
  eq(outgoingEvents.tenantId, deliveries.tenantId),
  eq(outgoingEvents.eventId, deliveries.eventId),
);
