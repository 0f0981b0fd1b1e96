import { defineAction } from '@insightdesk/shared/context';
import { askFor } from './ask-for.ts';
import { jobCancelAsked } from './events.ts';
import { jobId } from './job-id.ts';
import { jobWithLogView, toJob } from './view.ts';

/** Ends a job for good; one that runs is asked to stop. */
export const cancelJob = defineAction({
  summary: 'Cancel a job',
  input: jobId,
  output: jobWithLogView,
  allow: 'jobs:manage',
  transaction: 'own',
  async run(ctx, { id }) {
    await askFor(ctx, jobCancelAsked, id);
    await ctx.jobs.cancel(ctx.tenantId, id, ctx.actor.userId);
    return toJob(await ctx.jobs.require(ctx.tenantId, id));
  },
});
