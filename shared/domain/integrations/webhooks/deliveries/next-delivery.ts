import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { and, asc, eq, gt, lte, or, sql } from 'drizzle-orm';
import { isWebhook } from '../get-webhook.ts';
import {
  webhookDeliveries as deliveries,
  joinsEvent,
  outboundEvents,
  webhooks,
} from '../tables.ts';
import type { DeliveryRow, WebhookRow } from '../view.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import { HEAD_OF_LINE_TIMEOUT_MS } from './retry-delays.ts';

export interface DueDelivery {
  webhook: WebhookRow;
  delivery: DeliveryRow;
  event: { type: string; data: unknown; at: Date; trace: string | null };
}

const event = {
  type: outboundEvents.type,
  data: outboundEvents.data,
  at: outboundEvents.at,
  trace: outboundEvents.trace,
};

/** The oldest waiting delivery of a queue, without those that have failed for an hour. */
export async function findNext(
  ctx: TenantContext,
  queue: DeliveryQueue,
): Promise<DueDelivery | undefined> {
  if (!(await isEnabled(ctx, queue))) return undefined;
  const isUnblocked = or(eq(deliveries.attempts, 0), gt(deliveries.dueSince, skippedBefore()));
  const [next] = await select(ctx, queue)
    .where(and(waitsIn(ctx, queue), isUnblocked))
    .orderBy(asc(deliveries.position))
    .limit(1);
  return next;
}

/** A delivery that its queue has skipped, once it is due. */
export async function findSkipped(
  ctx: TenantContext,
  queue: DeliveryQueue,
  eventId: Id<'evt'>,
): Promise<DueDelivery | undefined> {
  if (!(await isEnabled(ctx, queue))) return undefined;
  const [due] = await select(ctx, queue).where(
    and(
      waitsIn(ctx, queue),
      eq(deliveries.eventId, eventId),
      gt(deliveries.attempts, 0),
      lte(deliveries.dueSince, skippedBefore()),
      lte(deliveries.nextAttemptAt, new Date()),
    ),
  );
  return due;
}

/** Fails the waiting deliveries of a webhook that was disabled. */
async function isEnabled(ctx: TenantContext, { webhookId }: DeliveryQueue): Promise<boolean> {
  const [webhook] = await ctx.tx
    .select({ enabled: webhooks.enabled })
    .from(webhooks)
    .where(isWebhook(ctx, webhookId));
  if (webhook && !webhook.enabled) await failWaiting(ctx, webhookId);
  return webhook?.enabled ?? false;
}

const select = ({ tx }: TenantContext, { webhookId }: DeliveryQueue) =>
  tx
    .select({ webhook: webhooks, delivery: deliveries, event })
    .from(deliveries)
    .innerJoin(outboundEvents, joinsEvent)
    .innerJoin(webhooks, matches(webhooks, { tenantId: deliveries.tenantId, id: webhookId }));

const waitsIn = ({ tenantId }: TenantContext, { webhookId, orderingKey }: DeliveryQueue) =>
  matches(deliveries, { tenantId, webhookId, orderingKey, status: 'waiting' });

const skippedBefore = () => new Date(Date.now() - HEAD_OF_LINE_TIMEOUT_MS);

/** Fails the waiting deliveries of a disabled webhook; a replay starts them again. */
export async function failWaiting({ tx, tenantId }: TenantContext, webhookId: Id<'whk'>) {
  await tx
    .update(deliveries)
    .set({ status: 'failed', error: sql`coalesce(${deliveries.error}, 'The webhook is disabled')` })
    .where(matches(deliveries, { tenantId, webhookId, status: 'waiting' }));
}
