import { defineAction, text } from '@insightdesk/shared/context';
import { z } from 'zod';

/** Asks the caller on all of its devices, and goes by the first answer. */
export const confirmOnDevice = defineAction({
  summary: 'Have something confirmed on a device',
  input: z.strictObject({ question: text(200) }),
  output: z.object({ isConfirmed: z.boolean() }),
  allow: 'members:read',
  // Somebody is waited for: no transaction may be open meanwhile.
  transaction: 'own',
  async run(ctx, { question }) {
    const { tenantId, actor } = ctx;
    const answer = await ctx.requests.request(
      { tenantId, userId: actor.userId, name: 'confirm', payload: { question } },
      { timeoutMs: 2_000, attempts: 5 },
    );
    return { isConfirmed: answer === true };
  },
});
