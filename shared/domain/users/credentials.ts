import type { Context, TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { users } from './tables.ts';

/** A password somebody chooses. */
export const password = z.string().min(8).max(200);

// The one who has shown that the address is his, and then the newest who only say so.
const byEmail = statement({ email: users.email }, ({ email }, q) =>
  q
    .select()
    .from(users)
    .where(eq(users.email, email))
    .orderBy(sql`(email_verified_at is null)`, desc(users.createdAt))
    .limit(2),
);

const byId = statement({ id: users.id }, ({ id }, q) =>
  q.select().from(users).where(eq(users.id, id)),
);

/**
 * The account with this address whose password it is, the verified one first. Two passwords are
 * tried, however many accounts there are, so that the time says nothing.
 */
export async function findByCredentials(ctx: Context, input: { email: string; password: string }) {
  const found = await ctx.database.read({}, (tx) => byEmail(tx, { email: input.email }));
  const matches = await Promise.all(
    [0, 1].map((place) => ctx.passwords.verify(input.password, found[place]?.passwordHash)),
  );
  return found.find((_, place) => matches[place]);
}

/** The person with this e-mail address and password; unknown and wrong take the same time. */
export async function requireCredentials(ctx: Context, input: { email: string; password: string }) {
  const user = await findByCredentials(ctx, input);
  if (!user) throw UserErrors.InvalidCredentials();
  return user;
}

/** The person itself, who says its password again; throws 403 WRONG_PASSWORD. */
export async function requireOwnPassword(ctx: Context, id: Id<'usr'>, given: string) {
  const [user] = await ctx.database.read({}, (tx) => byId(tx, { id }));
  const matches = await ctx.passwords.verify(given, user?.passwordHash);
  if (!user || !matches) throw UserErrors.WrongPassword();
  return user;
}

/** Throws 401 when the password that was checked has been replaced meanwhile; holds until the commit. */
export async function requireSamePassword(
  { tx }: TenantContext,
  checked: Pick<typeof users.$inferSelect, 'id' | 'passwordChangedAt'>,
): Promise<void> {
  const [now] = await tx
    .select({ changedAt: users.passwordChangedAt })
    .from(users)
    .where(eq(users.id, checked.id))
    .for('share');
  const isSame = now && now.changedAt?.getTime() === checked.passwordChangedAt?.getTime();
  if (!isSame) throw UserErrors.InvalidCredentials();
}

/** Adds an account; `emailVerifiedAt` is given by whoever saw a mail arrive. */
export const insertAccount = (
  { tx }: TenantContext,
  account: Omit<typeof users.$inferInsert, 'passwordHash'>,
  passwordHash: string,
) => tx.insert(users).values({ ...account, passwordHash });

/** Replaces a password; gives the account with the time, by the database's clock. */
export async function setPassword({ tx }: TenantContext, id: Id<'usr'>, passwordHash: string) {
  const changedAt = sql`clock_timestamp()` as unknown as Date;
  const [user] = await tx
    .update(users)
    .set({ passwordHash, passwordChangedAt: changedAt })
    .where(eq(users.id, id))
    .returning();
  if (!user?.passwordChangedAt) throw UserErrors.NotFound();
  return { ...user, passwordChangedAt: user.passwordChangedAt };
}
