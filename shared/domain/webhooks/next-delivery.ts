import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, asc, eq, gt, lte, or, sql } from 'drizzle-orm';
import { isWebhook } from './endpoints.ts';
import { PATIENCE_MS } from './schedule.ts';
import { webhookDeliveries as deliveries, outgoingEvents, webhooks } from './tables.ts';
import type { DeliveryRow, WebhookRow } from './view.ts';

/** One delivery with all that sending it takes. */
export interface Due {
  webhook: WebhookRow;
  delivery: DeliveryRow;
  event: { type: string; data: unknown; at: Date };
}

interface Place {
  webhookId: Id<'whk'>;
  lane: string;
}

const event = { type: outgoingEvents.type, data: outgoingEvents.data, at: outgoingEvents.at };

/** The oldest of a lane that waits; one that has failed for an hour holds nobody up any more. */
export async function findNext(ctx: TenantContext, place: Place): Promise<Due | undefined> {
  if (!(await isListening(ctx, place))) return undefined;
  const [next] = await select(ctx, place)
    .where(
      and(waitsIn(ctx, place), or(eq(deliveries.attempts, 0), gt(deliveries.dueSince, patience()))),
    )
    .orderBy(asc(deliveries.position))
    .limit(1);
  return next;
}

/** A delivery that its lane has passed, once its time has come. */
export async function findDue(
  ctx: TenantContext,
  place: Place,
  eventId: Id<'evt'>,
): Promise<Due | undefined> {
  if (!(await isListening(ctx, place))) return undefined;
  const [due] = await select(ctx, place).where(
    and(
      waitsIn(ctx, place),
      eq(deliveries.eventId, eventId),
      gt(deliveries.attempts, 0),
      lte(deliveries.dueSince, patience()),
      lte(deliveries.nextAttemptAt, new Date()),
    ),
  );
  return due;
}

/** When the webhook was switched off, what waits for it waits no more. */
async function isListening(ctx: TenantContext, { webhookId }: Place): Promise<boolean> {
  const [webhook] = await ctx.tx
    .select({ enabled: webhooks.enabled })
    .from(webhooks)
    .where(isWebhook(ctx, webhookId));
  if (webhook && !webhook.enabled) await abandon(ctx, webhookId);
  return webhook?.enabled ?? false;
}

/** Ends what waits for a webhook that is switched off; a replay takes it up again. */
export async function abandon({ tx, tenantId }: TenantContext, webhookId: Id<'whk'>) {
  await tx
    .update(deliveries)
    .set({ status: 'failed', error: sql`coalesce(${deliveries.error}, 'The webhook is disabled')` })
    .where(
      and(
        eq(deliveries.tenantId, tenantId),
        eq(deliveries.webhookId, webhookId),
        eq(deliveries.status, 'waiting'),
      ),
    );
}

const select = ({ tx }: TenantContext, { webhookId }: Place) =>
  tx
    .select({ webhook: webhooks, delivery: deliveries, event })
    .from(deliveries)
    .innerJoin(
      outgoingEvents,
      and(
        eq(outgoingEvents.tenantId, deliveries.tenantId),
        eq(outgoingEvents.eventId, deliveries.eventId),
      ),
    )
    .innerJoin(
      webhooks,
      and(eq(webhooks.tenantId, deliveries.tenantId), eq(webhooks.id, webhookId)),
    );

const waitsIn = ({ tenantId }: TenantContext, { webhookId, lane }: Place) =>
  and(
    eq(deliveries.tenantId, tenantId),
    eq(deliveries.webhookId, webhookId),
    eq(deliveries.lane, lane),
    eq(deliveries.status, 'waiting'),
  );

const patience = () => new Date(Date.now() - PATIENCE_MS);
