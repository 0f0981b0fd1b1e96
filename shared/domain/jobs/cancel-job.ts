import { defineAction } from '@insightdesk/shared/context';
import { jobId } from './job-id.ts';
import { requireLive } from './require-live.ts';
import { jobWithLogView, toJob } from './view.ts';

/** Ends a job for good; one that runs is asked to stop. */
export const cancelJob = defineAction({
  summary: 'Cancel a job',
  input: jobId,
  output: jobWithLogView,
  allow: 'jobs:manage',
  transaction: 'own',
  async run(ctx, { id }) {
    await requireLive(ctx);
    await ctx.jobs.cancel(ctx.tenantId, id, ctx.actor.userId);
    return toJob(await ctx.jobs.require(ctx.tenantId, id));
  },
});
