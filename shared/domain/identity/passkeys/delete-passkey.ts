import { defineAction, withTenant } from '@insightdesk/shared/context';
import { idSchema, toUuid } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { passkeys } from '@insightdesk/shared/domain/identity/mfa';
import {
  clearFactor,
  confirmPassword,
  currentPassword,
  requireRemovableFactor,
  requireVerifiedFactor,
} from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { PasskeyErrors } from './errors.ts';

/** Sessions that verified the passkey no longer count as verified, in all organizations. */
export const deletePasskey = defineAction({
  summary: 'Delete a passkey',
  input: z.strictObject({ id: idSchema('pky'), password: currentPassword }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'own',
  async run(ctx, { id, password }) {
    const { userId } = ctx.actor;
    await confirmPassword(ctx, password);
    await withTenant(ctx, (tenant) => requireVerifiedFactor(tenant));
    const isOwn = matches(passkeys, { userId, id });
    const [passkey] = await ctx.database.read({ userId }, (tx) =>
      tx.select({ id: passkeys.id }).from(passkeys).where(isOwn).execute(),
    );
    if (!passkey) throw PasskeyErrors.NotFound();
    await requireRemovableFactor(ctx);
    await ctx.database.write({ userId }, async (tx) => {
      await tx.delete(passkeys).where(isOwn);
      await clearFactor(tx, userId, toUuid(id));
    });
  },
});
