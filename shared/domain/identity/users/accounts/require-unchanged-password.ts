import type { TenantContext } from '@insightdesk/shared/context';
import { eq } from 'drizzle-orm';
import { users } from '../tables.ts';
import { AccountErrors } from './errors.ts';

type VerifiedUser = Pick<typeof users.$inferSelect, 'id' | 'passwordChangedAt'>;
type Lock = 'share' | 'no key update';

/**
 * Throws 401 when the verified password has been replaced since. Locks the user until the commit;
 * with `no key update` for a transaction that replaces the password.
 */
export async function requireUnchangedPassword(
  ctx: TenantContext,
  user: VerifiedUser,
  lock?: Lock,
): Promise<void> {
  if (!(await isUnchangedPassword(ctx, user, lock))) throw AccountErrors.InvalidCredentials();
}

/** Whether the verified password is still current; locks the user until the commit. */
export async function isUnchangedPassword(
  { tx }: TenantContext,
  user: VerifiedUser,
  lock: Lock = 'share',
): Promise<boolean> {
  const [current] = await tx
    .select({ changedAt: users.passwordChangedAt })
    .from(users)
    .where(eq(users.id, user.id))
    .for(lock);
  return (
    current !== undefined && current.changedAt?.getTime() === user.passwordChangedAt?.getTime()
  );
}
