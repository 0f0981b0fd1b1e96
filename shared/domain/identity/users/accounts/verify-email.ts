import { defineAction, email, withTenant } from '@insightdesk/shared/context';
import { onViolation } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { users } from '../tables.ts';
import { currentPassword } from './credential-fields.ts';
import {
  consumeAccountEmailQuota,
  requestEmailLink,
  requireEmailLink,
  revokeEmailLinks,
  useEmailLink,
} from './email-links.ts';
import { AccountErrors } from './errors.ts';
import { accountEmailChanged } from './events.ts';
import { confirmPassword, requireOwnPassword } from './find-by-credentials.ts';
import { ownUserView, toOwnUser } from './view.ts';

/**
 * Makes the address of the link the account's verified address. The link proves access to the
 * mailbox; the password proves that the same person owns the account.
 */
export const verifyEmail = defineAction({
  summary: 'Verify an email address with an emailed token',
  input: z.strictObject({ token: z.string().max(1000), password: currentPassword }),
  output: z.object({ user: ownUserView }),
  allow: 'anyone',
  async run(ctx, input) {
    const link = await requireEmailLink(ctx, input.token, ['verify', 'change']);
    const { userId, email } = link;
    if (!userId) throw AccountErrors.LinkInvalid();
    await requireOwnPassword(ctx, userId, input.password);
    return useEmailLink(ctx, link, async (tenant) => {
      const { tx } = tenant;
      const [before] = await tx.select().from(users).where(eq(users.id, userId)).for('update');
      const isCurrent = before && (link.purpose === 'change' || before.email === email);
      if (!isCurrent) throw AccountErrors.LinkInvalid();
      await revokeEmailLinks(tenant, before);
      const verified = { email, emailVerifiedAt: new Date() };
      await tx.update(users).set(verified).where(eq(users.id, userId));
      const previousEmail = before.emailVerifiedAt && before.email !== email ? before.email : null;
      await record(tenant, accountEmailChanged, { userId, email, previousEmail });
      return { user: toOwnUser({ ...before, ...verified }) };
    }).catch(onViolation('users_verified_email', AccountErrors.EmailTaken));
  },
});

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

/** Emails a link to the new address, which becomes the account's when the link is used. */
export const requestEmailChange = defineAction({
  summary: "Request a change of the caller's email address",
  input: z.strictObject({ password: currentPassword, email: email() }),
  output: z.object({ accepted: z.literal(true) }),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, input) {
    const { userId } = ctx.actor;
    await confirmPassword(ctx, input.password);
    await withTenant(ctx, async (tenant) => {
      await consumeAccountEmailQuota(tenant, userId);
      await requestEmailLink(tenant, { purpose: 'change', userId, email: input.email });
    });
    return { accepted: true as const };
  },
});
