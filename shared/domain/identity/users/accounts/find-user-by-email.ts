import type { Context } from '@insightdesk/shared/context';
import { and, eq, isNotNull } from 'drizzle-orm';
import { users } from '../tables.ts';

/** The account that has verified the address, in any organization; read with the identity login. */
export async function findUserByEmail(ctx: Pick<Context, 'identityDatabase'>, email: string) {
  const [user] = await ctx.identityDatabase.read({}, (tx) =>
    tx
      .select({ id: users.id, name: users.name })
      .from(users)
      .where(and(eq(users.email, email), isNotNull(users.emailVerifiedAt)))
      .execute(),
  );
  return user;
}
