import { defineAction } from '@insightdesk/shared/context';
import { and, eq, isNotNull } from 'drizzle-orm';
import { z } from 'zod';
import { useAccountLink, requireAccountLink, revokeAccountLinks } from './account-links.ts';
import { password, rejectWeakPassword, setPassword } from './find-by-credentials.ts';
import { revokeOlderSessions } from '../sessions/revoke-older-sessions.ts';
import { UserErrors } from '../errors.ts';
import { recordPasswordChange } from './set-password.ts';
import { users } from '../tables.ts';

/** Sets a new password for the verified account of the address that the link reached. */
export const resetPassword = defineAction({
  summary: 'Choose a new password by a mailed link',
  input: z.strictObject({ token: z.string().max(1000), password }),
  output: z.void(),
  allow: 'anyone',
  async run(ctx, input) {
    const link = await requireAccountLink(ctx, input.token, ['reset']);
    rejectWeakPassword(input.password, [link.email]);
    const hash = await ctx.security.passwords.hash(input.password);
    const changed = await useAccountLink(ctx, link, async (tenant) => {
      const [account] = await tenant.tx
        .select({ id: users.id })
        .from(users)
        .where(and(eq(users.email, link.email), isNotNull(users.emailVerifiedAt)));
      if (!account) throw UserErrors.LinkInvalid();
      const after = await setPassword(tenant, account.id, hash);
      await revokeAccountLinks(tenant, after);
      return recordPasswordChange(tenant, after, {});
    });
    await revokeOlderSessions(ctx, changed);
  },
});
