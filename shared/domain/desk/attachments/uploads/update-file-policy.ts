import { defineAction } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { filePolicyUpdated } from '../events.ts';
import { filePolicies } from '../tables.ts';
import { filePolicyFields, filePolicyView, readFilePolicy } from './file-policy.ts';

/** Says what files the organisation takes from now on; what is there stays. */
export const updateFilePolicy = defineAction({
  summary: 'Change what files the organisation takes',
  input: z.strictObject(filePolicyFields).partial(),
  output: filePolicyView,
  allow: 'organization:manage',
  transaction: 'write',
  async run(ctx, wanted) {
    const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
    if (given.length === 0) return readFilePolicy(ctx);
    const change = Object.fromEntries(given);
    await ctx.tx
      .insert(filePolicies)
      .values({ tenantId: ctx.tenantId, ...change })
      .onConflictDoUpdate({ target: filePolicies.tenantId, set: change });
    const policy = await readFilePolicy(ctx);
    await record(ctx, filePolicyUpdated, policy);
    return policy;
  },
});
