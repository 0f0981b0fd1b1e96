import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { serializeError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { isCommonPassword } from './common-passwords.ts';
import { UserErrors } from './errors.ts';
import { credentials } from './identity-tables.ts';
import { trySignIn } from './sign-in-attempts.ts';
import { users } from './tables.ts';

/** A password somebody chooses. */
export const password = z
  .string()
  .min(8)
  .max(200)
  .refine((chosen) => !isCommonPassword(chosen), 'Many people use this one: choose another');

/** Throws 422 when a chosen password is what everybody knows of this person. */
export function refuseGuessable(chosen: string, known: readonly string[]): void {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  const words = known.flatMap((text) => [text, ...text.split('@')]).map(bare);
  const tried = [bare(chosen), bare(chosen).replace(/\d+$/, '')];
  if (words.some((word) => word !== '' && tried.includes(word))) {
    throw UserErrors.WeakPassword('Must not be your own or your organisation’s name or address');
  }
}

const byEmail = statement({ email: users.email }, ({ email }, q) =>
  q
    .select({
      id: users.id,
      email: users.email,
      name: users.name,
      passwordHash: credentials.passwordHash,
    })
    .from(users)
    .innerJoin(credentials, eq(credentials.userId, users.id))
    .where(eq(users.email, email)),
);

/** Longer than any hash takes to be checked, ours or imported: time tells nothing of an account. */
const FAILURE_MS = 300;

/**
 * The person with this e-mail address and password. Unknown and wrong take the same time, and
 * count: 429 while the account has to wait. A hash that is outdated is made anew.
 */
export async function requireCredentials(ctx: Context, input: { email: string; password: string }) {
  const startedAt = performance.now();
  const found = await trySignIn(ctx, input.email, () => check(ctx, input));
  if (found) return found;
  await sleep(Math.max(0, FAILURE_MS - (performance.now() - startedAt)));
  throw UserErrors.InvalidCredentials();
}

async function check(ctx: Context, input: { email: string; password: string }) {
  const [found] = await ctx.identity.read({}, (tx) => byEmail(tx, { email: input.email }));
  const matches = await ctx.passwords.verify(input.password, found?.passwordHash);
  if (!found || !matches) return undefined;
  const { passwordHash, ...user } = found;
  if (ctx.passwords.isOutdated(passwordHash)) {
    await renewHash(ctx, user.id, { outdated: passwordHash, plain: input.password });
  }
  return user;
}

/** Unless the password was changed meanwhile; when it fails, the next sign-in tries again. */
async function renewHash(
  ctx: Context,
  userId: Id<'usr'>,
  { outdated, plain }: { outdated: string; plain: string },
): Promise<void> {
  try {
    const passwordHash = await ctx.passwords.hash(plain);
    await ctx.identity.write({}, (tx) =>
      tx
        .update(credentials)
        .set({ passwordHash })
        .where(and(eq(credentials.userId, userId), eq(credentials.passwordHash, outdated))),
    );
  } catch (error) {
    ctx.log.warn({ err: serializeError(error), userId }, 'password: hash not renewed');
  }
}

/**
 * Gives a person a new password by its hash, in a transaction of its own: before the one that ends
 * sessions or uses a token up, so that whoever is interrupted can try again. A new person's hash
 * goes into `users` with its row.
 */
export async function setPassword(ctx: Context, userId: Id<'usr'>, hash: string): Promise<void> {
  const changed = { passwordHash: hash, changedAt: new Date() };
  await ctx.identity.write({}, (tx) =>
    tx
      .insert(credentials)
      .values({ userId, ...changed })
      .onConflictDoUpdate({ target: credentials.userId, set: changed }),
  );
}
