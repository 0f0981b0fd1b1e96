import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { and, eq, isNull, lte, or, sql } from 'drizzle-orm';
import { isWebhook } from '../get-webhook.ts';
import { webhooks } from '../tables.ts';
import type { DueDelivery } from './next-delivery.ts';

/** An address that did not answer has less time to answer the next attempt. */
export const TRIAL_TIMEOUT_MS = 3_000;
/** How long others wait for the result of a trial. */
const TRIAL_MS = 15_000;
const MAX_PAUSE_MS = 300_000;

/**
 * A webhook whose address does not answer is paused, longer each time: so it does not occupy the
 * workers. After a pause one delivery tries; any response ends the pauses.
 */
export type Turn = 'normal' | 'trial' | { pausedUntil: Date };

/** Whether a delivery may be attempted now; of many that ask after a pause, one is the trial. */
export async function takeTurn(ctx: Context, { webhook }: DueDelivery): Promise<Turn> {
  if (webhook.unansweredCount === 0) return 'normal';
  return withTenant(ctx, async (tenant) => {
    const now = new Date();
    const isOver = or(isNull(webhooks.pausedUntil), lte(webhooks.pausedUntil, now));
    const [trial] = await tenant.tx
      .update(webhooks)
      .set({ pausedUntil: new Date(now.getTime() + TRIAL_MS) })
      .where(and(isWebhook(tenant, webhook.id), isOver))
      .returning({ id: webhooks.id });
    if (trial) return 'trial';
    const [current] = await tenant.tx
      .select({ pausedUntil: webhooks.pausedUntil })
      .from(webhooks)
      .where(isWebhook(tenant, webhook.id));
    return { pausedUntil: current?.pausedUntil ?? now };
  });
}

/** Ends the pauses of a webhook that answered. */
export async function endPauses(ctx: TenantContext, { webhook }: DueDelivery): Promise<void> {
  if (webhook.unansweredCount === 0) return;
  await ctx.tx
    .update(webhooks)
    .set({ unansweredCount: 0, pausedUntil: null })
    .where(isWebhook(ctx, webhook.id));
}

/** Pauses a webhook that did not answer; attempts that started before its pause do not prolong it. */
export async function pause(
  ctx: TenantContext,
  { webhook }: DueDelivery,
  delays: readonly number[],
): Promise<void> {
  const { unansweredCount } = webhook;
  const delayMs = Math.min(delays[unansweredCount] ?? MAX_PAUSE_MS, MAX_PAUSE_MS);
  await ctx.tx
    .update(webhooks)
    .set({
      unansweredCount: sql`${webhooks.unansweredCount} + 1`,
      pausedUntil: new Date(Date.now() + delayMs),
    })
    .where(and(isWebhook(ctx, webhook.id), eq(webhooks.unansweredCount, unansweredCount)));
}
