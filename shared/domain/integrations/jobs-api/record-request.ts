import { type MemberContext, withTenant } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import type { jobCancelRequested, jobRetryRequested } from './events.ts';
import { requireLiveSession } from './require-live-session.ts';

/** Records in the audit log that a job will be retried or cancelled; throws 404 when it is unknown. */
export async function recordRequest(
  ctx: MemberContext,
  event: typeof jobCancelRequested | typeof jobRetryRequested,
  jobId: string,
): Promise<void> {
  await requireLiveSession(ctx);
  await ctx.jobs.require(ctx.tenantId, jobId);
  await withTenant(ctx, (tenant) => record(tenant, event, { jobId }));
}
