import { createHash, randomInt } from 'node:crypto';
import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { recoveryCodes } from './tables.ts';

const COUNT = 10;
const GROUPS = 4;
/** Without letters that are taken for others: 78 bits in a code. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Ten fresh codes in place of all before them: shown once, kept as hashes. */
export async function replaceRecoveryCodes(tx: Tx, userId: Id<'usr'>): Promise<string[]> {
  const codes = Array.from({ length: COUNT }, newCode);
  await deleteRecoveryCodes(tx, userId);
  await tx
    .insert(recoveryCodes)
    .values(codes.map((code) => ({ userId, hash: hashOf(userId, code) })));
  return codes;
}

/** None is good any more. */
export const deleteRecoveryCodes = (tx: Tx, userId: Id<'usr'>) =>
  tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));

/** Uses a code up; false for one that is none, or was used before. */
export async function consumeRecoveryCode(tx: Tx, userId: Id<'usr'>, code: string): Promise<boolean> {
  const used = await tx
    .update(recoveryCodes)
    .set({ usedAt: sql`now()` as unknown as Date })
    .where(
      and(
        eq(recoveryCodes.userId, userId),
        eq(recoveryCodes.hash, hashOf(userId, code)),
        isNull(recoveryCodes.usedAt),
      ),
    )
    .returning({ hash: recoveryCodes.hash });
  return used.length > 0;
}

const newGroup = () =>
  Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join('');

const newCode = () => Array.from({ length: GROUPS }, newGroup).join('-');

/** However people type it. */
const hashOf = (userId: Id<'usr'>, code: string) =>
  createHash('sha256')
    .update(`${userId} ${code.toLowerCase().replace(/[\s-]/g, '')}`)
    .digest('hex');
