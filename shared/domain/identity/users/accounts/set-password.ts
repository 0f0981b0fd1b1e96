import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { users } from '../tables.ts';
import { AccountErrors } from './errors.ts';
import { accountPasswordChanged } from './events.ts';
import { stagedPasswords } from './identity-tables.ts';

type ChangedUser = typeof users.$inferSelect & { passwordChangedAt: Date };

/**
 * Replaces a password and returns the user with the time of the change, by the database's clock. The
 * hash is staged through the identity login and takes effect when this transaction commits; after a
 * failure the old password remains. Concurrent changes run one after another.
 */
export async function setPassword(
  { tx, identityDatabase }: TenantContext,
  userId: Id<'usr'>,
  passwordHash: string,
): Promise<ChangedUser> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update');
  const staged = { passwordHash, ticket: Bun.randomUUIDv7(), stagedAt: new Date() };
  await identityDatabase.write({}, (identityTx) =>
    identityTx
      .insert(stagedPasswords)
      .values({ userId, ...staged })
      .onConflictDoUpdate({ target: stagedPasswords.userId, set: staged }),
  );
  const [user] = await tx
    .update(users)
    .set({ passwordTicket: staged.ticket })
    .where(eq(users.id, userId))
    .returning();
  if (!user?.passwordChangedAt) throw AccountErrors.NotFound();
  return { ...user, passwordChangedAt: user.passwordChangedAt };
}

/** Records the change of a password; returns the sessions to revoke. */
export async function recordPasswordChange(
  ctx: TenantContext,
  { id: userId, email, emailVerifiedAt, passwordChangedAt }: ChangedUser,
  exception: { exceptSessionId?: Id<'ses'> } = {},
) {
  const older = { userId, before: passwordChangedAt.toISOString(), ...exception };
  const notifyEmail = emailVerifiedAt ? email : null;
  await record(ctx, accountPasswordChanged, { ...older, notifyEmail });
  return older;
}
