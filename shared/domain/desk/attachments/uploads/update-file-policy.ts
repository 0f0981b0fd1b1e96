import { defineAction } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { filePolicyUpdated } from '../events.ts';
import { filePolicies } from '../tables.ts';
import { filePolicyFields, filePolicyView, readFilePolicy } from './file-policy.ts';

/** Updates which files the organization accepts; stored files are not affected. */
export const updateFilePolicy = defineAction({
  summary: 'Update the file policy',
  input: z.strictObject(filePolicyFields).partial(),
  output: filePolicyView,
  allow: 'organization:manage',
  transaction: 'write',
  async run(ctx, input) {
    const entries = Object.entries(input).filter(([, value]) => value !== undefined);
    if (entries.length === 0) return readFilePolicy(ctx);
    const changes = Object.fromEntries(entries);
    await ctx.tx
      .insert(filePolicies)
      .values({ tenantId: ctx.tenantId, ...changes })
      .onConflictDoUpdate({ target: filePolicies.tenantId, set: changes });
    const policy = await readFilePolicy(ctx);
    await record(ctx, filePolicyUpdated, policy);
    return policy;
  },
});
