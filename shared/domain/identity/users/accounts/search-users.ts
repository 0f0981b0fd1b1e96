import { type Context, requireSystem } from '@insightdesk/shared/context';
import { isId } from '@insightdesk/shared/contract';
import { contains } from '@insightdesk/shared/database';
import { asc, eq, or } from 'drizzle-orm';
import { users } from '../tables.ts';

const columns = {
  id: users.id,
  email: users.email,
  emailVerifiedAt: users.emailVerifiedAt,
  name: users.name,
  createdAt: users.createdAt,
};

/** Users with this id, or whose address or name contains the text; oldest first. For the system only. */
export function searchUsers(ctx: Context, { text, limit }: { text: string; limit: number }) {
  requireSystem(ctx);
  const found = isId('usr', text)
    ? eq(users.id, text)
    : or(contains(users.email, text), contains(users.name, text));
  return ctx.identityDatabase.read({}, (tx) =>
    tx.select(columns).from(users).where(found).orderBy(asc(users.id)).limit(limit).execute(),
  );
}
