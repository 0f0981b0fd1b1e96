import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, asc, eq, gt, lte, or } from 'drizzle-orm';
import { abandon, isItsEvent } from './deliveries.ts';
import type { Lane } from './lanes.ts';
import { isWebhook } from './require-webhook.ts';
import { PATIENCE_MS } from './schedule.ts';
import { webhookDeliveries as deliveries, outgoingEvents, webhooks } from './tables.ts';
import type { DeliveryRow, WebhookRow } from './view.ts';

/** One delivery with all that sending it takes. */
export interface Due {
  webhook: WebhookRow;
  delivery: DeliveryRow;
  event: { type: string; data: unknown; at: Date; trace: string | null };
}

const event = {
  type: outgoingEvents.type,
  data: outgoingEvents.data,
  at: outgoingEvents.at,
  trace: outgoingEvents.trace,
};

/** The oldest of a lane that waits; one that has failed for an hour holds nobody up any more. */
export async function findNext(ctx: TenantContext, lane: Lane): Promise<Due | undefined> {
  if (!(await isListening(ctx, lane))) return undefined;
  const [next] = await select(ctx, lane)
    .where(
      and(waitsIn(ctx, lane), or(eq(deliveries.attempts, 0), gt(deliveries.dueSince, patience()))),
    )
    .orderBy(asc(deliveries.position))
    .limit(1);
  return next;
}

/** A delivery that its lane has passed, once its time has come. */
export async function findDue(
  ctx: TenantContext,
  lane: Lane,
  eventId: Id<'evt'>,
): Promise<Due | undefined> {
  if (!(await isListening(ctx, lane))) return undefined;
  const [due] = await select(ctx, lane).where(
    and(
      waitsIn(ctx, lane),
      eq(deliveries.eventId, eventId),
      gt(deliveries.attempts, 0),
      lte(deliveries.dueSince, patience()),
      lte(deliveries.nextAttemptAt, new Date()),
    ),
  );
  return due;
}

/** When the webhook was switched off, what waits for it waits no more. */
async function isListening(ctx: TenantContext, { webhookId }: Lane): Promise<boolean> {
  const [webhook] = await ctx.tx
    .select({ enabled: webhooks.enabled })
    .from(webhooks)
    .where(isWebhook(ctx, webhookId));
  if (webhook && !webhook.enabled) await abandon(ctx, webhookId);
  return webhook?.enabled ?? false;
}

const select = ({ tx }: TenantContext, { webhookId }: Lane) =>
  tx
    .select({ webhook: webhooks, delivery: deliveries, event })
    .from(deliveries)
    .innerJoin(outgoingEvents, isItsEvent)
    .innerJoin(
      webhooks,
      and(eq(webhooks.tenantId, deliveries.tenantId), eq(webhooks.id, webhookId)),
    );

const waitsIn = ({ tenantId }: TenantContext, { webhookId, lane }: Lane) =>
  and(
    eq(deliveries.tenantId, tenantId),
    eq(deliveries.webhookId, webhookId),
    eq(deliveries.lane, lane),
    eq(deliveries.status, 'waiting'),
  );

const patience = () => new Date(Date.now() - PATIENCE_MS);
