import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { and, eq, sql } from 'drizzle-orm';
import { webhookDisabled } from '../events.ts';
import { isWebhook } from '../get-webhook.ts';
import { webhookDeliveries as deliveries, webhooks } from '../tables.ts';
import type { DeliveryAttempt } from './attempt-delivery.ts';
import { type DueDelivery, failWaiting } from './next-delivery.ts';
import { endPauses, pause } from './pause-webhook.ts';
import { MAX_FAILING_MS, retryDelay } from './retry-delays.ts';

const GONE = 410;

/** Stores the result of an attempt; returns the delivery when there is a next attempt. */
export function recordAttempt(
  ctx: Context,
  due: DueDelivery,
  attempt: DeliveryAttempt,
  delays: readonly number[],
): Promise<DueDelivery | undefined> {
  const rejected = attempt.responseStatus === null ? 'unanswered' : 'rejected';
  ctx.outcomes.count('webhook_deliveries_total', attempt.isDelivered ? 'delivered' : rejected);
  return withTenant(ctx, async (tenant) => {
    if (attempt.responseStatus === null) await pause(tenant, due, delays);
    else await endPauses(tenant, due);
    if (attempt.isDelivered) {
      await updateDelivery(tenant, due, attempt, 'delivered');
      await updateFailingSince(tenant, due, null);
      return undefined;
    }
    const waitMs = retryDelay(due.delivery.attempts + 1, attempt.retryAfter, delays);
    const nextAt = waitMs === undefined ? undefined : new Date(Date.now() + waitMs);
    const status = nextAt ? 'waiting' : 'failed';
    const delivery = await updateDelivery(tenant, due, attempt, status, nextAt);
    const failingSince = await updateFailingSince(tenant, due, new Date());
    const reason = reasonToDisable(attempt, failingSince);
    if (reason) await disable(tenant, due, reason);
    return nextAt && !reason && delivery ? { ...due, delivery } : undefined;
  });
}

/** Changes nothing when the delivery was replayed meanwhile, which starts other attempts. */
async function updateDelivery(
  { tx, tenantId }: TenantContext,
  { webhook, delivery: { eventId, replayCount, attempts } }: DueDelivery,
  { isDelivered: _, retryAfter: __, ...result }: DeliveryAttempt,
  status: 'waiting' | 'delivered' | 'failed',
  nextAttemptAt = new Date(),
) {
  const [row] = await tx
    .update(deliveries)
    .set({ ...result, status, nextAttemptAt, attempts: attempts + 1, attemptedAt: new Date() })
    .where(matches(deliveries, { tenantId, webhookId: webhook.id, eventId, replayCount }))
    .returning();
  return row;
}

/** Stores and returns since when all deliveries have failed; a success after a success writes nothing. */
async function updateFailingSince(
  ctx: TenantContext,
  { webhook }: DueDelivery,
  failure: Date | null,
): Promise<Date | null> {
  if (failure === null) {
    if (webhook.failingSince) {
      await ctx.tx.update(webhooks).set({ failingSince: null }).where(isWebhook(ctx, webhook.id));
    }
    return null;
  }
  const since = sql`coalesce(${webhooks.failingSince}, ${failure.toISOString()}::timestamptz)`;
  const [row] = await ctx.tx
    .update(webhooks)
    .set({ failingSince: since })
    .where(isWebhook(ctx, webhook.id))
    .returning({ failingSince: webhooks.failingSince });
  return row?.failingSince ?? null;
}

function reasonToDisable({ responseStatus }: DeliveryAttempt, failingSince: Date | null) {
  if (responseStatus === GONE) return 'gone';
  if (failingSince && Date.now() - failingSince.getTime() >= MAX_FAILING_MS) return 'failing';
  return undefined;
}

async function disable(ctx: TenantContext, { webhook }: DueDelivery, reason: 'gone' | 'failing') {
  const disabled = await ctx.tx
    .update(webhooks)
    .set({ enabled: false, disabledReason: reason })
    .where(and(isWebhook(ctx, webhook.id), eq(webhooks.enabled, true)))
    .returning({ id: webhooks.id });
  if (disabled.length === 0) return;
  await failWaiting(ctx, webhook.id);
  await record(ctx, webhookDisabled, { webhookId: webhook.id, reason });
  ctx.outcomes.count('webhook_endpoints_disabled_total', reason);
}
