import { defineAction } from '@insightdesk/shared/context';
import { askFor } from './ask-for.ts';
import { jobRetryAsked } from './events.ts';
import { jobId } from './job-id.ts';
import { jobWithLogView, toJob } from './view.ts';

/** Gives a failed job its attempts back. */
export const retryJob = defineAction({
  summary: 'Try a failed job again',
  input: jobId,
  output: jobWithLogView,
  allow: 'jobs:manage',
  transaction: 'own',
  async run(ctx, { id }) {
    await askFor(ctx, jobRetryAsked, id);
    await ctx.jobs.retry(ctx.tenantId, id);
    return toJob(await ctx.jobs.require(ctx.tenantId, id));
  },
});
