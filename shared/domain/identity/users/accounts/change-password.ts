import { defineAction, requireLiveSession, withTenant } from '@insightdesk/shared/context';
import { matches } from '@insightdesk/shared/database';
import { z } from 'zod';
import { revokeOlderSessions } from '../sessions/revoke-sessions.ts';
import { sessions } from '../sessions/tables.ts';
import { currentPassword, newPassword, rejectWeakPassword } from './credential-fields.ts';
import { revokeEmailLinks } from './email-links.ts';
import { AccountErrors } from './errors.ts';
import { requireOwnPassword } from './find-by-credentials.ts';
import { isUnchangedPassword } from './require-unchanged-password.ts';
import { recordPasswordChange, setPassword } from './set-password.ts';

/** Changes the password and revokes the caller's other sessions in all organizations. */
export const changePassword = defineAction({
  summary: "Change the caller's password",
  input: z.strictObject({ currentPassword, password: newPassword }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, input) {
    const { userId, sessionId } = ctx.actor;
    await requireLiveSession(ctx);
    const verified = await requireOwnPassword(ctx, userId, input.currentPassword);
    rejectWeakPassword(input.password, [verified.email, verified.name]);
    const hash = await ctx.security.passwords.hash(input.password);
    const older = await withTenant(ctx, async (tenant) => {
      const isUnchanged = await isUnchangedPassword(tenant, verified, 'no key update');
      if (!isUnchanged) throw AccountErrors.WrongPassword();
      const after = await setPassword(tenant, userId, hash);
      await revokeEmailLinks(tenant, after);
      // The current session remains: it counts as created with the new password.
      await tenant.tx
        .update(sessions)
        .set({ createdAt: after.passwordChangedAt })
        .where(matches(sessions, { tenantId: tenant.tenantId, id: sessionId }));
      return recordPasswordChange(tenant, after, { exceptSessionId: sessionId });
    });
    await revokeOlderSessions(ctx, older);
  },
});
