import { defineAction, email, withTenant } from '@insightdesk/shared/context';
import { and, eq, isNotNull } from 'drizzle-orm';
import { z } from 'zod';
import { revokeOlderSessions } from '../sessions/revoke-sessions.ts';
import { users } from '../tables.ts';
import { newPassword, rejectWeakPassword } from './credential-fields.ts';
import {
  accountContext,
  requestEmailLink,
  requireEmailLink,
  revokeEmailLinks,
  useEmailLink,
} from './email-links.ts';
import { AccountErrors } from './errors.ts';
import { recordPasswordChange, setPassword } from './set-password.ts';

/** Sets the password of the verified account with the address of the link. */
export const resetPassword = defineAction({
  summary: 'Reset a password with an emailed token',
  input: z.strictObject({ token: z.string().max(1000), password: newPassword }),
  output: z.void(),
  allow: 'anyone',
  async run(ctx, input) {
    const link = await requireEmailLink(ctx, input.token, ['reset']);
    rejectWeakPassword(input.password, [link.email]);
    const hash = await ctx.security.passwords.hash(input.password);
    const older = await useEmailLink(ctx, link, async (tenant) => {
      const [user] = await tenant.tx
        .select({ id: users.id })
        .from(users)
        .where(and(eq(users.email, link.email), isNotNull(users.emailVerifiedAt)));
      if (!user) throw AccountErrors.LinkInvalid();
      const after = await setPassword(tenant, user.id, hash);
      await revokeEmailLinks(tenant, after);
      return recordPasswordChange(tenant, after);
    });
    await revokeOlderSessions(ctx, older);
  },
});

/** Reads no account, so that the response does not reveal whether the address has one. */
export const requestPasswordReset = defineAction({
  summary: 'Request a password reset email',
  input: z.strictObject({ email: email() }),
  output: z.object({ accepted: z.literal(true) }).meta({ id: 'Accepted' }),
  allow: 'anyone',
  async run(ctx, { email: address }) {
    await withTenant(accountContext(ctx), (tenant) =>
      requestEmailLink(tenant, { purpose: 'reset', email: address }),
    );
    return { accepted: true as const };
  },
});
