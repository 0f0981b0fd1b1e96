import { type Context, withTenant } from '@insightdesk/shared/context';
import { type JobRequest, type JobRun, jobFor } from '@insightdesk/shared/jobs';
import type { z } from 'zod';
import { deliverInOrderJob } from '../jobs.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { type DueDelivery, findNext, findSkipped } from './next-delivery.ts';
import { TRIAL_TIMEOUT_MS, takeTurn } from './pause-webhook.ts';
import { recordAttempt } from './record-attempt.ts';
import { retryDelaysMs } from './retry-delays.ts';

const PAUSE_SPREAD = 0.25;

/** Spreads the queues of a paused webhook, so that they do not all wake at once. */
const afterPause = (until: Date) =>
  new Date(until.getTime() + Math.random() * PAUSE_SPREAD * (until.getTime() - Date.now()));

/** After this time a run hands over to another one, so that other organizations have their turn. */
const MAX_RUN_MS = 10_000;

/**
 * Sends the waiting deliveries of one queue, oldest first; at most one run per queue works at a time.
 * A failure blocks the queue until a retry succeeds, at most for an hour; then it is skipped.
 */
export async function deliverInOrder(
  ctx: Context,
  { webhookId, orderingKey, eventId }: z.output<typeof deliverInOrderJob.payload>,
  run: JobRun,
  delays = retryDelaysMs,
): Promise<void> {
  const queue = { webhookId, orderingKey };
  const skipped =
    eventId && (await withTenant(ctx, (tenant) => findSkipped(tenant, queue, eventId)));
  if (skipped && !(await deliver(skipped))) return;
  for (const end = Date.now() + MAX_RUN_MS; ; ) {
    const next = await withTenant(ctx, (tenant) => findNext(tenant, queue));
    if (!next) return;
    const isEarly = next.delivery.nextAttemptAt > new Date();
    // Its own retry ran early because of clock skew: the next one needs another job id.
    const isOwn = next.delivery.eventId === eventId;
    if (isEarly) return run.enqueue([retryOf(next, isOwn ? `-${Date.now()}` : '')]);
    if (Date.now() > end) return run.enqueue([retryOf(next, `-${Date.now()}`)]);
    if (!(await deliver(next))) return;
  }

  /** False when the webhook is paused: the queue continues after the pause. */
  async function deliver(due: DueDelivery): Promise<boolean> {
    const turn = await takeTurn(ctx, due);
    if (typeof turn === 'object') {
      const name = `-paused-${turn.pausedUntil.getTime()}`;
      // Its own retry ran early because of clock skew.
      const more = run.id.includes(name) ? `-${Date.now()}` : '';
      await run.enqueue([retryOf(due, `${name}${more}`, afterPause(turn.pausedUntil))]);
      return false;
    }
    const timeoutMs = turn === 'trial' ? TRIAL_TIMEOUT_MS : undefined;
    const attempt = await attemptDelivery(ctx, due, timeoutMs);
    const failed = await recordAttempt(ctx, due, attempt, delays);
    if (failed) await run.enqueue([retryOf(failed)]);
    return true;
  }

  /** Named after the attempt, so that enqueueing it again changes nothing. */
  function retryOf({ delivery }: DueDelivery, more = '', at = delivery.nextAttemptAt): JobRequest {
    const { replayCount, attempts } = delivery;
    const cause = { id: delivery.eventId, tenantId: run.tenantId, requestId: run.requestId };
    const payload = { ...queue, eventId: delivery.eventId };
    return jobFor(cause, deliverInOrderJob, payload, {
      suffix: `${webhookId}-${replayCount}-${attempts}${more}`,
      delayMs: at.getTime() - Date.now(),
    });
  }
}
