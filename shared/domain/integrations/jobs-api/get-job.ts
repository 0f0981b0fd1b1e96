import { defineAction } from '@insightdesk/shared/context';
import { jobId } from './job-id.ts';
import { requireLiveSession } from './require-live-session.ts';
import { jobWithLogView, toJob } from './view.ts';

export const getJob = defineAction({
  summary: 'Get a job with its log',
  input: jobId,
  output: jobWithLogView,
  allow: 'jobs:read',
  transaction: 'own',
  async run(ctx, { id }) {
    await requireLiveSession(ctx);
    return toJob(await ctx.jobs.require(ctx.tenantId, id));
  },
});
