import { defineAction } from '@insightdesk/shared/context';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { users } from '../tables.ts';
import { consumeAccountEmailQuota, requestEmailLink } from './email-links.ts';
import { AccountErrors } from './errors.ts';

export const resendVerification = defineAction({
  summary: 'Resend the verification email',
  input: z.strictObject({}),
  output: z.object({ accepted: z.literal(true) }),
  allow: 'account:manage',
  transaction: 'write',
  async run(ctx) {
    const { userId } = ctx.actor;
    await consumeAccountEmailQuota(ctx, userId);
    const [user] = await ctx.tx.select().from(users).where(eq(users.id, userId));
    if (!user) throw AccountErrors.NotFound();
    if (!user.emailVerifiedAt)
      await requestEmailLink(ctx, { purpose: 'verify', userId, email: user.email });
    return { accepted: true as const };
  },
});
