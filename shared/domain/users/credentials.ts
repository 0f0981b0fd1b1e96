import type { Context } from '@insightdesk/shared/context';
import { statement } from '@insightdesk/shared/database';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { noteFailedSignIn } from './note-failed-sign-in.ts';
import { users } from './tables.ts';

/** A password somebody chooses. */
export const password = z.string().min(8).max(200);

const byEmail = statement({ email: users.email }, ({ email }, q) =>
  q.select().from(users).where(eq(users.email, email)),
);

/** The person with this e-mail address and password; unknown and wrong take the same time. */
export async function requireCredentials(ctx: Context, input: { email: string; password: string }) {
  const [user] = await ctx.database.read({}, (tx) => byEmail(tx, { email: input.email }));
  const matches = await ctx.passwords.verify(input.password, user?.passwordHash);
  if (user && !matches) ctx.later(() => noteFailedSignIn(ctx, user.id));
  if (!user || !matches) throw UserErrors.InvalidCredentials();
  return user;
}
