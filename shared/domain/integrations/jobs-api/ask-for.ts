import { type MemberContext, withTenant } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import type { jobCancelAsked, jobRetryAsked } from './events.ts';
import { requireLive } from './require-live.ts';

/** Tells the audit log what is about to be asked of a job; throws 404 when there is none. */
export async function askFor(
  ctx: MemberContext,
  event: typeof jobCancelAsked | typeof jobRetryAsked,
  jobId: string,
): Promise<void> {
  await requireLive(ctx);
  await ctx.jobs.require(ctx.tenantId, jobId);
  await withTenant(ctx, (tenant) => record(tenant, event, { jobId }));
}
