import { defineAction } from '@insightdesk/shared/context';
import { jobRetryRequested } from './events.ts';
import { jobId } from './job-id.ts';
import { recordRequest } from './record-request.ts';
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
