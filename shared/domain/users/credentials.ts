import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { credentials } from './identity-tables.ts';
import { users } from './tables.ts';

/** A password somebody chooses. */
export const password = z.string().min(8).max(200);

const byEmail = statement({ email: users.email }, ({ email }, q) =>
  q
    .select({
      id: users.id,
      email: users.email,
      name: users.name,
      passwordHash: credentials.passwordHash,
    })
    .from(users)
    .innerJoin(credentials, eq(credentials.userId, users.id))
    .where(eq(users.email, email)),
);

/** The person with this e-mail address and password; unknown and wrong take the same time. */
export async function requireCredentials(ctx: Context, input: { email: string; password: string }) {
  const [found] = await ctx.identity.read({}, (tx) => byEmail(tx, { email: input.email }));
  const matches = await ctx.passwords.verify(input.password, found?.passwordHash);
  if (!found || !matches) throw UserErrors.InvalidCredentials();
  const { passwordHash: _, ...user } = found;
  return user;
}

/**
 * Gives a person a new password by its hash, in a transaction of its own: before the one that ends
 * sessions or uses a token up, so that whoever is interrupted can try again. A new person's hash
 * goes into `users` with its row.
 */
export async function setPassword(ctx: Context, userId: Id<'usr'>, hash: string): Promise<void> {
  const changed = { passwordHash: hash, changedAt: new Date() };
  await ctx.identity.write({}, (tx) =>
    tx
      .insert(credentials)
      .values({ userId, ...changed })
      .onConflictDoUpdate({ target: credentials.userId, set: changed }),
  );
}
