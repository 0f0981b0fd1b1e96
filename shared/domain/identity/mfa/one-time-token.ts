import { createHash } from 'node:crypto';
import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { and, eq, lt, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { consumedTokens } from './tables.ts';

/**
 * Marks a token of the user as used, in a transaction of the user; returns false if it was already
 * used. Deletes the user's expired tokens.
 */
export async function consumeOneTimeToken(
  tx: Tx,
  { userId, token, expiresAt }: { userId: Id<'usr'>; token: string; expiresAt: Date },
): Promise<boolean> {
  const hash = createHash('sha256').update(token).digest('hex');
  await tx
    .delete(consumedTokens)
    .where(and(eq(consumedTokens.userId, userId), lt(consumedTokens.expiresAt, sql`now()`)));
  const consumed = await tx
    .insert(consumedTokens)
    .values({ userId, hash, expiresAt })
    .onConflictDoNothing()
    .returning({ hash: consumedTokens.hash });
  return consumed.length > 0;
}

/** The content of a token that a client stores for some minutes; undefined if it is missing, forged or expired. */
export function decryptUnexpired<T extends { expiresAt: number }>(
  { security }: Pick<Context, 'security'>,
  purpose: 'oauth-request' | 'oauth-ticket' | 'passkey',
  schema: z.ZodType<T>,
  encrypted = '',
): T | undefined {
  try {
    const content = schema.parse(JSON.parse(security.encryption.decrypt(purpose, encrypted)));
    return content.expiresAt < Date.now() ? undefined : content;
  } catch {
    return undefined;
  }
}
