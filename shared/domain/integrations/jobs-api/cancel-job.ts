import { defineAction } from '@insightdesk/shared/context';
import { jobCancelRequested } from './events.ts';
import { jobId } from './job-id.ts';
import { recordRequest } from './record-request.ts';
import { jobWithLogView, toJob } from './view.ts';

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
