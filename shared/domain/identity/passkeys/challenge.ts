import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { consumeOneTimeToken } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { PasskeyErrors } from './errors.ts';

const CHALLENGE_TTL_MS = 300_000;

const challengeSchema = z.strictObject({
  challenge: z.string(),
  /** For whom a passkey is to be made; signing in is for whoever has one. */
  userId: z.string().optional(),
  expiresAt: z.number(),
});

type Challenge = z.output<typeof challengeSchema>;

/** Nothing is stored for a challenge until it is met, so that asking for them fills nothing. */
export const encryptChallenge = (ctx: Context, challenge: string, userId?: Id<'usr'>) =>
  ctx.security.secrets.encrypt(
    'passkey',
    JSON.stringify({ challenge, userId, expiresAt: Date.now() + CHALLENGE_TTL_MS }),
  );

/** A fresh challenge of ours for this person, or for signing in; 401 for anything else. */
export function decryptChallenge(ctx: Context, token: string, userId?: Id<'usr'>): Challenge {
  let opened: Challenge;
  try {
    opened = challengeSchema.parse(JSON.parse(ctx.security.secrets.decrypt('passkey', token)));
  } catch (error) {
    throw PasskeyErrors.Refused(error);
  }
  if (opened.expiresAt < Date.now() || opened.userId !== userId) throw PasskeyErrors.Refused();
  return opened;
}

/** Uses a challenge up that was met, in a transaction in the person's name; 401 the second time. */
export async function consumeChallenge(
  tx: Tx,
  userId: Id<'usr'>,
  { challenge, expiresAt }: Challenge,
): Promise<void> {
  const spent = { userId, token: challenge, expiresAt: new Date(expiresAt) };
  if (!(await consumeOneTimeToken(tx, spent))) throw PasskeyErrors.Refused();
}
