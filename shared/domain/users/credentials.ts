import type { Context } from '@insightdesk/shared/context';
import { argument, prepared } from '@insightdesk/shared/database';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { users } from './tables.ts';

/** A password somebody chooses. */
export const password = z.string().min(8).max(200);

const byEmail = prepared((tx) =>
  tx
    .select()
    .from(users)
    .where(eq(users.email, argument(users.email, 'email')))
    .prepare('user_by_email'),
);

/** The person with this e-mail address and password; unknown and wrong take the same time. */
export async function requireCredentials(ctx: Context, input: { email: string; password: string }) {
  const [user] = await ctx.database.read({}, (tx) => byEmail(tx).execute({ email: input.email }));
  const matches = await ctx.passwords.verify(input.password, user?.passwordHash);
  if (!user || !matches) throw UserErrors.InvalidCredentials();
  return user;
}
