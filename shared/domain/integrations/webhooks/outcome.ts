import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { and, eq, sql } from 'drizzle-orm';
import type { Attempt } from './attempt.ts';
import { abandon } from './deliveries.ts';
import { webhookDisabled } from './events.ts';
import type { Due } from './next-delivery.ts';
import { isWebhook } from './require-webhook.ts';
import { GIVE_UP_MS, retryDelay } from './schedule.ts';
import { webhookDeliveries as deliveries, webhooks } from './tables.ts';

const GONE = 410;

/** Writes down how an attempt went; gives the delivery back when it is to be tried again. */
export function noteOutcome(
  ctx: Context,
  due: Due,
  answer: Attempt,
  delays: readonly number[],
): Promise<Due | undefined> {
  return withTenant(ctx, async (tenant) => {
    if (answer.isDelivered) {
      await close(tenant, due, answer, 'delivered');
      await noteHealth(tenant, due, null);
      return undefined;
    }
    const waitMs = retryDelay(due.delivery.attempts + 1, answer.retryAfter, delays);
    const again = waitMs === undefined ? undefined : new Date(Date.now() + waitMs);
    const delivery = await close(tenant, due, answer, again ? 'waiting' : 'failed', again);
    const failingSince = await noteHealth(tenant, due, new Date());
    const reason = reasonToDisable(answer, failingSince);
    if (reason) await disable(tenant, due, reason);
    return again && !reason && delivery ? { ...due, delivery } : undefined;
  });
}

/** Leaves alone what was replayed meanwhile: that is another round. */
async function close(
  { tx, tenantId }: TenantContext,
  { webhook, delivery: { eventId, round, attempts } }: Due,
  { isDelivered: _, retryAfter: __, ...answer }: Attempt,
  status: 'waiting' | 'delivered' | 'failed',
  nextAttemptAt = new Date(),
) {
  const [row] = await tx
    .update(deliveries)
    .set({ ...answer, status, nextAttemptAt, attempts: attempts + 1, attemptedAt: new Date() })
    .where(
      and(
        eq(deliveries.tenantId, tenantId),
        eq(deliveries.webhookId, webhook.id),
        eq(deliveries.eventId, eventId),
        eq(deliveries.round, round),
      ),
    )
    .returning();
  return row;
}

/** Since when nothing but failures came; most of the time there is nothing to write. */
async function noteHealth(
  ctx: TenantContext,
  { webhook }: Due,
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

function reasonToDisable({ responseStatus }: Attempt, failingSince: Date | null) {
  if (responseStatus === GONE) return 'gone';
  if (failingSince && Date.now() - failingSince.getTime() >= GIVE_UP_MS) return 'failing';
  return undefined;
}

async function disable(ctx: TenantContext, { webhook }: Due, reason: 'gone' | 'failing') {
  const switched = await ctx.tx
    .update(webhooks)
    .set({ enabled: false, disabledReason: reason })
    .where(and(isWebhook(ctx, webhook.id), eq(webhooks.enabled, true)))
    .returning({ id: webhooks.id });
  if (switched.length === 0) return;
  await abandon(ctx, webhook.id);
  await record(ctx, webhookDisabled, { webhookId: webhook.id, reason });
}
