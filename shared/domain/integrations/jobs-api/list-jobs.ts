import { defineAction } from '@insightdesk/shared/context';
import { pageInput, pageOf } from '@insightdesk/shared/database';
import { jobStates } from '@insightdesk/shared/jobs';
import { z } from 'zod';
import { requireLive } from './require-live.ts';
import { jobView, toJob } from './view.ts';

/** The organisation's newest jobs, at most 1,000 of which are remembered. */
export const listJobs = defineAction({
  summary: 'List the jobs of the organisation, newest first',
  input: z.strictObject({
    ...pageInput,
    state: z.enum(jobStates).optional().describe('Only those that are in this state now'),
  }),
  output: pageOf(jobView),
  allow: 'jobs:read',
  transaction: 'own',
  async run(ctx, { limit, cursor, state }) {
    await requireLive(ctx);
    const { items, nextCursor } = await ctx.jobs.list(ctx.tenantId, {
      limit,
      ...(state && { state }),
      ...(cursor !== undefined && { cursor: Buffer.from(cursor, 'base64url').toString() }),
    });
    const next = nextCursor === null ? null : Buffer.from(nextCursor).toString('base64url');
    return { items: items.map(toJob), nextCursor: next };
  },
});
