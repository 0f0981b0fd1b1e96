import { defineAction, requireLiveSession } from '@insightdesk/shared/context';
import { z } from 'zod';
import { jobWithLogView, toJob } from './view.ts';

/** Input of an action on one job. */
export const jobId = z.strictObject({
  id: z
    .string()
    .regex(/^[\w.-]{1,300}$/)
    .describe('Id of the job'),
});

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
