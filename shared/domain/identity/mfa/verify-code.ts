import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { eq, type InferSelectModel } from 'drizzle-orm';
import { FactorErrors } from './errors.ts';
import { consumeRecoveryCode } from './recovery-codes.ts';
import { secondFactors } from './tables.ts';
import { stepOf } from './totp.ts';

const FREE_ATTEMPTS = 5;
const MAX_WAIT_SECONDS = 900;

type Row = InferSelectModel<typeof secondFactors>;
type CodeResult = 'right' | 'wrong' | { waitSeconds: number };

/**
 * Uses up a code of the person's authenticator app, or one of its recovery codes. Throws 401 for a
 * wrong or used one, and 429 for a while once five in a row were wrong.
 */
export async function verifyCode(ctx: Context, userId: Id<'usr'>, code: string): Promise<void> {
  // What was tried is counted whether or not it was right, so its transaction must not fail.
  const verdict = await ctx.database.write({ userId }, (tx) => checkCode(ctx, tx, { userId, code }));
  if (verdict === 'wrong') throw FactorErrors.WrongCode();
  if (verdict !== 'right') throw FactorErrors.Blocked(verdict.waitSeconds);
}

async function checkCode(
  ctx: Context,
  tx: Tx,
  { userId, code }: { userId: Id<'usr'>; code: string },
): Promise<CodeResult> {
  const self = eq(secondFactors.userId, userId);
  // One at a time: a code is good once, and tries at the same moment all count.
  const [row] = await tx.select().from(secondFactors).where(self).for('update');
  if (!row) return 'wrong';
  const waitMs = (row.blockedUntil?.getTime() ?? 0) - Date.now();
  if (waitMs > 0) return { waitSeconds: Math.ceil(waitMs / 1000) };
  const step = freshStep(ctx, row, code);
  const isRight = step !== undefined || (await consumeRecoveryCode(tx, userId, code));
  const outcome = isRight
    ? { failures: 0, blockedUntil: null, ...(step !== undefined && { lastStep: step }) }
    : failed(row.failures + 1);
  await tx.update(secondFactors).set(outcome).where(self);
  return isRight ? 'right' : 'wrong';
}

function freshStep(ctx: Context, row: Row, code: string): number | undefined {
  const { userId, totpSecret, lastStep } = row;
  if (totpSecret === null) return undefined;
  const step = stepOf(ctx.security.secrets.decrypt('totp', totpSecret, userId), code);
  return step !== undefined && step > lastStep ? step : undefined;
}

function failed(failures: number) {
  if (failures < FREE_ATTEMPTS) return { failures, blockedUntil: null };
  const waitSeconds = Math.min(MAX_WAIT_SECONDS, 2 ** (failures - FREE_ATTEMPTS));
  return { failures, blockedUntil: new Date(Date.now() + waitSeconds * 1000) };
}
