import type { Context } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { eq, sql } from 'drizzle-orm';
import { secondFactors } from './tables.ts';

type Keeps = Pick<Context, 'database' | 'security'>;

const PAGE = 100;

/**
 * Encrypts the secrets of all authenticator apps by the key of now; gives how many people's were
 * not. A page of people after the other, each person in a transaction of its own: whoever is stopped
 * starts again and has less to do.
 */
export async function reencryptTotpSecrets(ctx: Keeps): Promise<number> {
  let count = 0;
  for (let after = fromUuid('usr', '00000000-0000-0000-0000-000000000000'); ; ) {
    const rows = await ctx.database.write('system', (tx) =>
      tx.execute<{ user_id: string }>(sql`select user_id from second_factors
        where user_id > ${toUuid(after)}::uuid order by user_id limit ${PAGE}`),
    );
    const people = rows.map((row) => fromUuid('usr', row.user_id));
    const renewed = await Promise.all(people.map((userId) => renewOne(ctx, userId)));
    count += renewed.filter(Boolean).length;
    const last = people.at(-1);
    if (!last || people.length < PAGE) return count;
    after = last;
  }
}

function renewOne({ database, security: { secrets } }: Keeps, userId: Id<'usr'>): Promise<boolean> {
  const renewed = (stored: string | null) =>
    stored === null || secrets.isCurrent(stored)
      ? stored
      : secrets.encrypt('totp', secrets.decrypt('totp', stored, userId), userId);
  return database.write({ userId }, async (tx) => {
    const self = eq(secondFactors.userId, userId);
    const [row] = await tx.select().from(secondFactors).where(self).for('update');
    if (!row) return false;
    const totpSecret = renewed(row.totpSecret);
    const pendingSecret = renewed(row.pendingSecret);
    if (totpSecret === row.totpSecret && pendingSecret === row.pendingSecret) return false;
    await tx.update(secondFactors).set({ totpSecret, pendingSecret }).where(self);
    return true;
  });
}
