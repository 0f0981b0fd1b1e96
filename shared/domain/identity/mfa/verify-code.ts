import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { eq } from 'drizzle-orm';
import { FactorErrors } from './errors.ts';
import { consumeRecoveryCode } from './recovery-codes.ts';
import { secondFactors } from './tables.ts';
import { findStep } from './totp.ts';

const FREE_ATTEMPTS = 5;
const MAX_WAIT_SECONDS = 900;

type Row = typeof secondFactors.$inferSelect;
type CodeResult = 'valid' | 'wrong' | { waitSeconds: number };

/**
 * Verifies and consumes a code of the user's authenticator app, or a recovery code. Throws 401 for a
 * wrong or used code, and 429 while the user is blocked after five wrong codes in a row.
 */
export async function verifyCode(ctx: Context, userId: Id<'usr'>, code: string): Promise<void> {
  // A wrong code must be counted, so its transaction must commit.
  const result = await ctx.database.write({ userId }, (tx) => checkCode(ctx, tx, { userId, code }));
  if (result === 'wrong') throw FactorErrors.WrongCode();
  if (result !== 'valid') throw FactorErrors.Blocked(result.waitSeconds);
}

async function checkCode(
  ctx: Context,
  tx: Tx,
  { userId, code }: { userId: Id<'usr'>; code: string },
): Promise<CodeResult> {
  const isUser = eq(secondFactors.userId, userId);
  // Locked, so that a code is consumed once and all concurrent attempts are counted.
  const [row] = await tx.select().from(secondFactors).where(isUser).for('update');
  if (!row) return 'wrong';
  const waitMs = (row.blockedUntil?.getTime() ?? 0) - Date.now();
  if (waitMs > 0) return { waitSeconds: Math.ceil(waitMs / 1000) };
  const step = findUnusedStep(ctx, row, code);
  const isValid = step !== undefined || (await consumeRecoveryCode(tx, userId, code));
  const outcome = isValid
    ? { failures: 0, blockedUntil: null, ...(step !== undefined && { lastStep: step }) }
    : countFailure(row.failures + 1);
  await tx.update(secondFactors).set(outcome).where(isUser);
  return isValid ? 'valid' : 'wrong';
}

function findUnusedStep(ctx: Context, row: Row, code: string): number | undefined {
  const { userId, totpSecret, lastStep } = row;
  if (totpSecret === null) return undefined;
  const step = findStep(ctx.security.encryption.decrypt('totp', totpSecret, userId), code);
  return step !== undefined && step > lastStep ? step : undefined;
}

function countFailure(failures: number) {
  if (failures < FREE_ATTEMPTS) return { failures, blockedUntil: null };
  const waitSeconds = Math.min(MAX_WAIT_SECONDS, 2 ** (failures - FREE_ATTEMPTS));
  return { failures, blockedUntil: new Date(Date.now() + waitSeconds * 1000) };
}
