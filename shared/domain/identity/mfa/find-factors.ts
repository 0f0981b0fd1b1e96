import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement, type Tx } from '@insightdesk/shared/database';
import { eq, sql } from 'drizzle-orm';
import { secondFactors } from './tables.ts';

/** What a person can prove itself by besides a password. */
export interface Factors {
  totpId: Id<'fac'> | null;
  passkeys: number;
  recoveryCodesLeft: number;
}

/** The person's factors; outside a transaction of its own. */
export const findFactors = (ctx: Context, userId: Id<'usr'>): Promise<Factors> =>
  ctx.database.read({ userId }, (tx) => readFactors(tx, userId));

const factorsOf = statement({ userId: secondFactors.userId }, ({ userId }, q) =>
  q
    .select({
      totpId: secondFactors.totpId,
      passkeys: sql<number>`(select count(*)::int from passkeys p where p.user_id = ${userId})`,
      recoveryCodesLeft: sql<number>`(select count(*)::int from recovery_codes c
        where c.user_id = ${userId} and c.used_at is null)`,
    })
    .from(secondFactors)
    .where(eq(secondFactors.userId, userId)),
);

/** The same inside a transaction in the person's name. */
export async function readFactors(tx: Tx, userId: Id<'usr'>): Promise<Factors> {
  const [row] = await factorsOf(tx, { userId });
  return row ?? { totpId: null, passkeys: 0, recoveryCodesLeft: 0 };
}

/** Whether a password alone no longer lets the person in. */
export const hasSecondFactor = ({ totpId, passkeys }: Factors) => totpId !== null || passkeys > 0;
