import { defineAction, requireLiveSession } from '@insightdesk/shared/context';
import { pageInput, pageSchema } from '@insightdesk/shared/database';
import { jobStates } from '@insightdesk/shared/jobs';
import { z } from 'zod';
import { jobView, toJob } from './view.ts';

/** The newest 1,000 jobs of the organization. */
export const listJobs = defineAction({
  summary: 'List jobs, newest first',
  input: z.strictObject({
    ...pageInput,
    state: z.enum(jobStates).optional().describe('Only those that are in this state now'),
  }),
  output: pageSchema(jobView),
  allow: 'jobs:read',
  transaction: 'own',
  async run(ctx, { limit, cursor, state }) {
    await requireLiveSession(ctx);
    const { items, nextCursor } = await ctx.jobs.list(ctx.tenantId, {
      limit,
      ...(state && { state }),
      ...(cursor !== undefined && { cursor: Buffer.from(cursor, 'base64url').toString() }),
    });
    const next = nextCursor === null ? null : Buffer.from(nextCursor).toString('base64url');
    return { items: items.map(toJob), nextCursor: next };
  },
});
