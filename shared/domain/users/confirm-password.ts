import { type MemberContext, readTenant } from '@insightdesk/shared/context';
import { eq } from 'drizzle-orm';
import { requireCredentials } from './credentials.ts';
import { UserErrors } from './errors.ts';
import { users } from './tables.ts';

/** The caller, who has just typed its password again; counts as an attempt like any other. */
export async function confirmPassword(ctx: MemberContext, password: string) {
  const [user] = await readTenant(ctx, ({ tx }) =>
    tx
      .select({ id: users.id, email: users.email, name: users.name })
      .from(users)
      .where(eq(users.id, ctx.actor.userId))
      .execute(),
  );
  if (!user) throw UserErrors.InvalidCredentials();
  await requireCredentials(ctx, { email: user.email, password });
  return user;
}
