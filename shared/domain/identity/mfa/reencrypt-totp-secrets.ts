import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { eq, sql } from 'drizzle-orm';
import { secondFactors } from './tables.ts';

type Stores = Pick<Context, 'database' | 'security'>;

const PAGE_SIZE = 100;

/**
 * Encrypts outdated secrets of authenticator apps with the current key; returns the number of changed
 * users. Each user has a transaction of their own, so that an interrupted run can be repeated.
 */
export async function reencryptTotpSecrets(ctx: Stores): Promise<number> {
  let count = 0;
  for (let after = fromUuid('usr', '00000000-0000-0000-0000-000000000000'); ; ) {
    const rows = await ctx.database.write('system', (tx) =>
      tx.execute<{ user_id: string }>(sql`select user_id from second_factors
        where user_id > ${toUuid(after)}::uuid order by user_id limit ${PAGE_SIZE}`),
    );
    const userIds = rows.map((row) => fromUuid('usr', row.user_id));
    const changed = await Promise.all(userIds.map((userId) => reencryptUser(ctx, userId)));
    count += changed.filter(Boolean).length;
    const last = userIds.at(-1);
    if (!last || userIds.length < PAGE_SIZE) return count;
    after = last;
  }
}

function reencryptUser(
  { database, security: { encryption } }: Stores,
  userId: Id<'usr'>,
): Promise<boolean> {
  const reencrypt = (stored: string | null) =>
    stored === null || encryption.isCurrent(stored)
      ? stored
      : encryption.encrypt('totp', encryption.decrypt('totp', stored, userId), userId);
  return database.write({ userId }, async (tx) => {
    const isUser = eq(secondFactors.userId, userId);
    const [row] = await tx.select().from(secondFactors).where(isUser).for('update');
    if (!row) return false;
    const totpSecret = reencrypt(row.totpSecret);
    const pendingSecret = reencrypt(row.pendingSecret);
    if (totpSecret === row.totpSecret && pendingSecret === row.pendingSecret) return false;
    await tx.update(secondFactors).set({ totpSecret, pendingSecret }).where(isUser);
    return true;
  });
}
