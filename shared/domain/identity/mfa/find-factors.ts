import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement, type Tx } from '@insightdesk/shared/database';
import { eq, sql } from 'drizzle-orm';
import { secondFactors } from './tables.ts';

export interface SecondFactors {
  totpId: Id<'fac'> | null;
  passkeys: number;
  recoveryCodesLeft: number;
}

/** Reads in a transaction of its own. */
export const findFactors = (ctx: Context, userId: Id<'usr'>): Promise<SecondFactors> =>
  ctx.database.read({ userId }, (tx) => readFactors(tx, userId));

const selectFactors = statement({ userId: secondFactors.userId }, ({ userId }, q) =>
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

/** Reads in a transaction of the user. */
export async function readFactors(tx: Tx, userId: Id<'usr'>): Promise<SecondFactors> {
  const [row] = await selectFactors(tx, { userId });
  return row ?? { totpId: null, passkeys: 0, recoveryCodesLeft: 0 };
}

export const hasSecondFactor = ({ totpId, passkeys }: SecondFactors) =>
  totpId !== null || passkeys > 0;
