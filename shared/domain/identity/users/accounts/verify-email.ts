import { defineAction } from '@insightdesk/shared/context';
import { violatedConstraint } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { useAccountLink, requireAccountLink, revokeAccountLinks } from './account-links.ts';
import { requireOwnPassword } from './find-by-credentials.ts';
import { UserErrors } from '../errors.ts';
import { accountEmailChanged } from '../events.ts';
import { users } from '../tables.ts';
import { ownUserView, toOwnUser } from '../view.ts';

/**
 * Makes the address that a link reached the account's own. The link shows who has the mailbox; the
 * password shows that the account is his as well, and was not made in his name.
 */
export const verifyEmail = defineAction({
  summary: 'Verify an e-mail address by a mailed link',
  input: z.strictObject({ token: z.string().max(1000), password: z.string().max(200) }),
  output: z.object({ user: ownUserView }),
  allow: 'anyone',
  async run(ctx, input) {
    const link = await requireAccountLink(ctx, input.token, ['verify', 'change']);
    const { userId, email } = link;
    if (!userId) throw UserErrors.LinkInvalid();
    await requireOwnPassword(ctx, userId, input.password);
    return useAccountLink(ctx, link, async (tenant) => {
      const { tx } = tenant;
      const [before] = await tx.select().from(users).where(eq(users.id, userId)).for('update');
      const isMeant = before && (link.purpose === 'change' || before.email === email);
      if (!isMeant) throw UserErrors.LinkInvalid();
      await revokeAccountLinks(tenant, before);
      const verified = { email, emailVerifiedAt: new Date() };
      await tx.update(users).set(verified).where(eq(users.id, userId));
      const formerly = before.emailVerifiedAt && before.email !== email ? before.email : null;
      await record(tenant, accountEmailChanged, { userId, email, formerly });
      return { user: toOwnUser({ ...before, ...verified }) };
    }).catch((error) => {
      throw violatedConstraint(error) === 'users_verified_email' ? UserErrors.EmailTaken() : error;
    });
  },
});
