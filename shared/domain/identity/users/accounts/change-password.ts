import { defineAction, withTenant } from '@insightdesk/shared/context';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { revokeAccountLinks } from './account-links.ts';
import {
  isUnchangedPassword,
  password,
  rejectWeakPassword,
  requireOwnPassword,
  setPassword,
} from './find-by-credentials.ts';
import { revokeOlderSessions } from '../sessions/revoke-older-sessions.ts';
import { UserErrors } from '../errors.ts';
import { recordPasswordChange } from './set-password.ts';
import { requireLiveSession } from '../sessions/require-live-session.ts';
import { sessions } from '../tables.ts';

/** Replaces the caller's password; all sessions but this one end, in all organisations. */
export const changePassword = defineAction({
  summary: "Change the caller's password",
  input: z.strictObject({ currentPassword: z.string().max(200), password }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, input) {
    const { userId, sessionId: keep } = ctx.actor;
    await requireLiveSession(ctx);
    const checked = await requireOwnPassword(ctx, userId, input.currentPassword);
    rejectWeakPassword(input.password, [checked.email, checked.name]);
    const hash = await ctx.security.passwords.hash(input.password);
    const changed = await withTenant(ctx, async (tenant) => {
      const isStill = await isUnchangedPassword(tenant, checked, 'no key update');
      if (!isStill) throw UserErrors.WrongPassword();
      const after = await setPassword(tenant, userId, hash);
      await revokeAccountLinks(tenant, after);
      // This one has proven the new password: it counts as begun with it.
      await tenant.tx
        .update(sessions)
        .set({ createdAt: after.passwordChangedAt })
        .where(and(eq(sessions.tenantId, tenant.tenantId), eq(sessions.id, keep)));
      return recordPasswordChange(tenant, after, { keep });
    });
    await revokeOlderSessions(ctx, changed);
  },
});
