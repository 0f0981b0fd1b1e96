import type { Context, TenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { eq, sql } from 'drizzle-orm';
import { users } from '../tables.ts';
import { AccountErrors } from './errors.ts';
import { stagedEmails } from './identity-tables.ts';

/** Stages a verified address through the identity login; returns the ticket that applies it once. */
export async function stageEmail(
  { identityDatabase }: Pick<Context, 'identityDatabase'>,
  userId: Id<'usr'>,
  email: string,
): Promise<string> {
  const staged = { email, ticket: Bun.randomUUIDv7(), stagedAt: new Date() };
  await identityDatabase.write({}, (tx) =>
    tx
      .insert(stagedEmails)
      .values({ userId, ...staged })
      .onConflictDoUpdate({ target: stagedEmails.userId, set: staged }),
  );
  return staged.ticket;
}

/** Makes a user visible to a transaction without a member: row-level security hides all others. */
export const showUser = (tx: Tx, userId: Id<'usr'>) =>
  tx.execute(sql`select set_config('app.user_id', ${toUuid(userId)}, true)`).execute();

/**
 * Makes an address the verified one of a user whom the transaction sees. It takes effect when the
 * transaction commits. Concurrent changes run one after another.
 */
export async function setEmail(
  ctx: Pick<TenantContext, 'tx' | 'identityDatabase'>,
  userId: Id<'usr'>,
  email: string,
) {
  const { tx } = ctx;
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update');
  const emailTicket = await stageEmail(ctx, userId, email);
  const [user] = await tx
    .update(users)
    .set({ emailTicket })
    .where(eq(users.id, userId))
    .returning();
  if (!user) throw AccountErrors.NotFound();
  return user;
}
