import { createHash } from 'node:crypto';
import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { and, eq, lt, sql } from 'drizzle-orm';
import { spentTokens } from './tables.ts';

/**
 * Marks a token of the person's as used, in a transaction in its name; false when it was used
 * before. What has run out since is forgotten, so that only live tokens are kept.
 */
export async function consumeOneTimeToken(
  tx: Tx,
  { userId, token, expiresAt }: { userId: Id<'usr'>; token: string; expiresAt: Date },
): Promise<boolean> {
  const hash = createHash('sha256').update(token).digest('hex');
  await tx
    .delete(spentTokens)
    .where(and(eq(spentTokens.userId, userId), lt(spentTokens.expiresAt, sql`now()`)));
  const spent = await tx
    .insert(spentTokens)
    .values({ userId, hash, expiresAt })
    .onConflictDoNothing()
    .returning({ hash: spentTokens.hash });
  return spent.length > 0;
}
