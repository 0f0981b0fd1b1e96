import { defineAction, email, withTenant } from '@insightdesk/shared/context';
import { z } from 'zod';
import { requestAccountLink } from './account-links.ts';
import { requireOwnPassword } from './find-by-credentials.ts';
import { requireLiveSession } from '../sessions/require-live-session.ts';
import { consumeAccountEmailQuota } from './consume-account-email-quota.ts';

/** Has a link mailed to a new address, which becomes the account's once it is followed. */
export const requestEmailChange = defineAction({
  summary: "Ask for another e-mail address of the caller's account",
  input: z.strictObject({ password: z.string().max(200), email: email() }),
  output: z.object({ accepted: z.literal(true) }),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, input) {
    const { userId } = ctx.actor;
    await requireLiveSession(ctx);
    await requireOwnPassword(ctx, userId, input.password);
    await withTenant(ctx, async (tenant) => {
      await consumeAccountEmailQuota(tenant, userId);
      await requestAccountLink(tenant, { purpose: 'change', userId, email: input.email });
    });
    return { accepted: true as const };
  },
});
