import { defineAction } from '@insightdesk/shared/context';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { requestAccountLink } from './account-links.ts';
import { UserErrors } from '../errors.ts';
import { consumeAccountEmailQuota } from './consume-account-email-quota.ts';
import { users } from '../tables.ts';

/** Has the link that verifies the caller's address mailed again. */
export const resendVerification = defineAction({
  summary: "Mail the link that verifies the caller's e-mail address again",
  input: z.strictObject({}),
  output: z.object({ accepted: z.literal(true) }),
  allow: 'account:manage',
  transaction: 'write',
  async run(ctx) {
    const { userId } = ctx.actor;
    await consumeAccountEmailQuota(ctx, userId);
    const [user] = await ctx.tx.select().from(users).where(eq(users.id, userId));
    if (!user) throw UserErrors.NotFound();
    if (!user.emailVerifiedAt)
      await requestAccountLink(ctx, { purpose: 'verify', userId, email: user.email });
    return { accepted: true as const };
  },
});
