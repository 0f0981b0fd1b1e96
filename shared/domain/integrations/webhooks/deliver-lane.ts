import { type Context, withTenant } from '@insightdesk/shared/context';
import { type JobRequest, type JobRun, jobFor } from '@insightdesk/shared/jobs';
import type { z } from 'zod';
import { attempt } from './attempt.ts';
import { deliverLane as deliverLaneJob } from './jobs.ts';
import { type Due, findDue, findNext } from './next-delivery.ts';
import { noteOutcome } from './outcome.ts';
import { retryDelaysMs } from './schedule.ts';

/** After so long a run leaves the rest of its lane to another one, behind other organisations. */
const TURN_MS = 10_000;

/**
 * Delivers what waits in one lane, oldest first; only one run per lane is at work at a time. A
 * failure holds the lane up until a retry succeeds, at most an hour; after that it is passed.
 */
export async function deliverLane(
  ctx: Context,
  { webhookId, lane, eventId }: z.output<typeof deliverLaneJob.payload>,
  run: JobRun,
  delays = retryDelaysMs,
): Promise<void> {
  const place = { webhookId, lane };
  const passed = eventId && (await withTenant(ctx, (tenant) => findDue(tenant, place, eventId)));
  if (passed) await deliver(passed);
  for (const end = Date.now() + TURN_MS; ; ) {
    const next = await withTenant(ctx, (tenant) => findNext(tenant, place));
    if (!next) return;
    const isEarly = next.delivery.nextAttemptAt > new Date();
    // Its own retry came early, by a clock that goes ahead: another one needs another name.
    const isOwn = next.delivery.eventId === eventId;
    if (isEarly) return run.enqueue([retryOf(next, isOwn ? `-${Date.now()}` : '')]);
    if (Date.now() > end) return run.enqueue([retryOf(next, `-${Date.now()}`)]);
    await deliver(next);
  }

  async function deliver(due: Due): Promise<void> {
    const answer = await attempt(ctx, due);
    const after = await noteOutcome(ctx, due, answer, delays);
    if (after) await run.enqueue([retryOf(after)]);
  }

  /** Named after the attempt to come, so that whoever asks for it again changes nothing. */
  function retryOf({ delivery }: Due, more = ''): JobRequest {
    const { round, attempts, nextAttemptAt } = delivery;
    const cause = { id: delivery.eventId, tenantId: run.tenantId, requestId: run.requestId };
    const payload = { ...place, eventId: delivery.eventId };
    return jobFor(cause, deliverLaneJob, payload, {
      suffix: `${webhookId}-${round}-${attempts}${more}`,
      delayMs: nextAttemptAt.getTime() - Date.now(),
    });
  }
}
