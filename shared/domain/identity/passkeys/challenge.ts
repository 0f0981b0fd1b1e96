import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { consumeOneTimeToken, decryptUnexpired } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { PasskeyErrors } from './errors.ts';

const CHALLENGE_TTL_MS = 300_000;

const challengeSchema = z.strictObject({
  challenge: z.string(),
  /** The user who creates a passkey; missing for a sign-in. */
  userId: z.string().optional(),
  expiresAt: z.number(),
});

type Challenge = z.output<typeof challengeSchema>;

/** A challenge is stored only once it is consumed, so that requests for challenges fill no table. */
export const encryptChallenge = (ctx: Context, challenge: string, userId?: Id<'usr'>) =>
  ctx.security.encryption.encrypt(
    'passkey',
    JSON.stringify({ challenge, userId, expiresAt: Date.now() + CHALLENGE_TTL_MS }),
  );

/** Throws 401 unless the challenge is ours, unexpired, and for this user or for a sign-in. */
export function decryptChallenge(ctx: Context, token: string, userId?: Id<'usr'>): Challenge {
  const challenge = decryptUnexpired(ctx, 'passkey', challengeSchema, token);
  if (!challenge || challenge.userId !== userId) throw PasskeyErrors.Refused();
  return challenge;
}

/** Consumes a challenge in a transaction of the user; throws 401 for the second use. */
export async function consumeChallenge(
  tx: Tx,
  userId: Id<'usr'>,
  { challenge, expiresAt }: Challenge,
): Promise<void> {
  const used = { userId, token: challenge, expiresAt: new Date(expiresAt) };
  if (!(await consumeOneTimeToken(tx, used))) throw PasskeyErrors.Refused();
}
