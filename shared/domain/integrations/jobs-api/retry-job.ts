import {
  defineAction,
  type MemberContext,
  requireLiveSession,
  withTenant,
} from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { jobCancelRequested, jobRetryRequested } from './events.ts';
import { jobId } from './get-job.ts';
import { jobWithLogView, toJob } from './view.ts';

/** Runs a failed job again with all its attempts. */
export const retryJob = defineAction({
  summary: 'Retry a failed job',
  input: jobId,
  output: jobWithLogView,
  allow: 'jobs:manage',
  transaction: 'own',
  async run(ctx, { id }) {
    await recordRequest(ctx, jobRetryRequested, id);
    await ctx.jobs.retry(ctx.tenantId, id);
    return toJob(await ctx.jobs.require(ctx.tenantId, id));
  },
});

/** Records in the audit log that a job will be retried or cancelled; throws 404 when it is unknown. */
async function recordRequest(
  ctx: MemberContext,
  event: typeof jobCancelRequested | typeof jobRetryRequested,
  jobId: string,
): Promise<void> {
  await requireLiveSession(ctx);
  await ctx.jobs.require(ctx.tenantId, jobId);
  await withTenant(ctx, (tenant) => record(tenant, event, { jobId }));
}

/** Cancels a job; a running one is aborted. */
export const cancelJob = defineAction({
  summary: 'Cancel a job',
  input: jobId,
  output: jobWithLogView,
  allow: 'jobs:manage',
  transaction: 'own',
  async run(ctx, { id }) {
    await recordRequest(ctx, jobCancelRequested, id);
    await ctx.jobs.cancel(ctx.tenantId, id, ctx.actor.userId);
    return toJob(await ctx.jobs.require(ctx.tenantId, id));
  },
});
