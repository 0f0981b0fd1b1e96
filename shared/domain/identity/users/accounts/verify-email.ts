import {
  type Context,
  defineAction,
  email,
  requireSystem,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { onViolation, withCommit } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { users } from '../tables.ts';
import { currentPassword } from './credential-fields.ts';
import {
  accountContext,
  consumeAccountEmailQuota,
  requestEmailLink,
  requireEmailLink,
  revokeEmailLinks,
  useEmailLink,
} from './email-links.ts';
import { AccountErrors } from './errors.ts';
import { accountEmailChanged } from './events.ts';
import { confirmPassword, requireOwnPassword } from './find-by-credentials.ts';
import { setEmail, showUser } from './set-email.ts';
import { ownUserView, toOwnUser } from './view.ts';

/**
 * Makes the address of the link the account's verified address. The link proves access to the
 * mailbox; the password proves that the same person owns the account.
 */
export const verifyEmail = defineAction({
  summary: 'Verify an email address with an emailed token',
  input: z.strictObject({ token: z.string().max(1000), password: currentPassword }),
  output: z.object({ user: ownUserView }).meta({ id: 'UpdatedUser' }),
  allow: 'anyone',
  async run(ctx, input) {
    const link = await requireEmailLink(ctx, input.token, ['verify', 'change']);
    const { userId, email } = link;
    if (!userId) throw AccountErrors.LinkInvalid();
    await requireOwnPassword(ctx, userId, input.password);
    return useEmailLink(ctx, link, async (tenant) => {
      const before = await lockUser(tenant, userId);
      const isCurrent = before && (link.purpose === 'change' || before.email === email);
      if (!isCurrent) throw AccountErrors.LinkInvalid();
      return { user: toOwnUser(await setVerifiedEmail(tenant, before, email)) };
    }).catch(onViolation('users_verified_email', AccountErrors.EmailTaken));
  },
});

/**
 * Marks the address of a user as verified, without a link; false if it already was. Throws 409 if
 * another account has verified the address. For the system only.
 */
export async function verifyUserEmail(ctx: Context, userId: Id<'usr'>): Promise<boolean> {
  requireSystem(ctx);
  return withTenant(accountContext(ctx), async (tenant) => {
    const before = await lockUser(tenant, userId);
    if (!before) throw AccountErrors.NotFound();
    if (before.emailVerifiedAt) return false;
    await setVerifiedEmail(tenant, before, before.email);
    return true;
  }).catch(onViolation('users_verified_email', AccountErrors.EmailTaken));
}

async function lockUser({ tx }: TenantContext, userId: Id<'usr'>) {
  withCommit(tx, showUser(tx, userId));
  const [user] = await tx.select().from(users).where(eq(users.id, userId)).for('update');
  return user;
}

/** Changes the address and its verification; links that were emailed before no longer work. */
async function setVerifiedEmail(
  tenant: TenantContext,
  before: typeof users.$inferSelect,
  email: string,
) {
  const { id: userId } = before;
  await revokeEmailLinks(tenant, before);
  const after = await setEmail(tenant, userId, email);
  const previousEmail = before.emailVerifiedAt && before.email !== email ? before.email : null;
  await record(tenant, accountEmailChanged, { userId, email, previousEmail });
  return after;
}

export const resendVerification = defineAction({
  summary: 'Resend the verification email',
  input: z.strictObject({}),
  output: z.object({ accepted: z.literal(true) }).meta({ id: 'Accepted' }),
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
  output: z.object({ accepted: z.literal(true) }).meta({ id: 'Accepted' }),
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
