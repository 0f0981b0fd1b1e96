import { createHash, randomInt } from 'node:crypto';
import type { Id } from '@insightdesk/shared/contract';
import { matches, type Tx } from '@insightdesk/shared/database';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { recoveryCodes } from './tables.ts';

const CODE_COUNT = 10;
const GROUPS_PER_CODE = 4;
const GROUP_LENGTH = 4;
/** Without ambiguous characters; a code has 78 bits. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Replaces all recovery codes; the database stores their hashes only. */
export async function replaceRecoveryCodes(tx: Tx, userId: Id<'usr'>): Promise<string[]> {
  const codes = Array.from({ length: CODE_COUNT }, generateCode);
  await deleteRecoveryCodes(tx, userId);
  await tx
    .insert(recoveryCodes)
    .values(codes.map((code) => ({ userId, hash: hashCode(userId, code) })));
  return codes;
}

export const deleteRecoveryCodes = (tx: Tx, userId: Id<'usr'>) =>
  tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));

/** Returns false for a wrong or used code. */
export async function consumeRecoveryCode(
  tx: Tx,
  userId: Id<'usr'>,
  code: string,
): Promise<boolean> {
  const consumed = await tx
    .update(recoveryCodes)
    .set({ usedAt: sql`now()` as unknown as Date })
    .where(
      and(
        matches(recoveryCodes, { userId, hash: hashCode(userId, code) }),
        isNull(recoveryCodes.usedAt),
      ),
    )
    .returning({ hash: recoveryCodes.hash });
  return consumed.length > 0;
}

const generateGroup = () =>
  Array.from({ length: GROUP_LENGTH }, () => alphabet[randomInt(alphabet.length)]).join('');

const generateCode = () => Array.from({ length: GROUPS_PER_CODE }, generateGroup).join('-');

/** Ignores case, spaces and dashes. */
const hashCode = (userId: Id<'usr'>, code: string) =>
  createHash('sha256')
    .update(`${userId} ${code.toLowerCase().replace(/[\s-]/g, '')}`)
    .digest('hex');
