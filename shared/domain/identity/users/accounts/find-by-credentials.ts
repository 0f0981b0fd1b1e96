import { type Context, requireLiveSession, type UserContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches, statement } from '@insightdesk/shared/database';
import { serializeError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import { asc, eq, getTableColumns, sql } from 'drizzle-orm';
import { users } from '../tables.ts';
import { AccountErrors } from './errors.ts';
import { credentials } from './identity-tables.ts';
import { recordFailedSignIn } from './record-failed-sign-in.ts';
import { withLoginThrottle } from './with-login-throttle.ts';

const columns = { ...getTableColumns(users), passwordHash: credentials.passwordHash };

/** Accounts with one address whose password is tried. */
const MAX_CANDIDATES = 20;

// The account with the verified address, then the oldest others: nobody who registers the address
// later displaces them.
const selectByEmail = statement({ email: users.email }, ({ email }, q) =>
  q
    .select(columns)
    .from(users)
    .innerJoin(credentials, eq(credentials.userId, users.id))
    .where(eq(users.email, email))
    .orderBy(sql`(email_verified_at is null)`, asc(users.createdAt))
    .limit(MAX_CANDIDATES),
);

const selectById = statement({ id: users.id }, ({ id }, q) =>
  q
    .select(columns)
    .from(users)
    .innerJoin(credentials, eq(credentials.userId, users.id))
    .where(eq(users.id, id)),
);

/** Longer than the check of any hash, so that the duration reveals nothing about an account. */
const MIN_FAILURE_MS = 300;

interface Credentials {
  email: string;
  password: string;
}

/**
 * The user with this address and password, the one with the verified address first. No match counts
 * as a failed login; throws 429 while the account is blocked. An outdated hash is replaced.
 */
export const findByCredentials = (ctx: Context, given: Credentials) =>
  withLoginThrottle(ctx, given.email, () => verify(ctx, given));

/** Throws 401 without a match, after the same time for unknown users and wrong passwords. */
export async function requireCredentials(ctx: Context, given: Credentials) {
  const startedAt = performance.now();
  const found = await findByCredentials(ctx, given);
  if (found) return found;
  await sleep(Math.max(0, MIN_FAILURE_MS - (performance.now() - startedAt)));
  throw AccountErrors.InvalidCredentials();
}

/**
 * The user with this id, if the password is theirs, and not that of another account with the same
 * address. Throws 403 WRONG_PASSWORD otherwise, which counts as a failed login.
 */
export async function requireOwnPassword(ctx: Context, id: Id<'usr'>, given: string) {
  const [user] = await ctx.identityDatabase.read({}, (tx) => selectById(tx, { id }));
  if (!user) throw AccountErrors.WrongPassword();
  const verified = await withLoginThrottle(ctx, user.email, async () => {
    const matches = await ctx.security.passwords.verify(given, user.passwordHash);
    if (!matches) ctx.background(() => recordFailedSignIn(ctx, id));
    return matches ? user : undefined;
  });
  if (!verified) throw AccountErrors.WrongPassword();
  return withoutHash(verified);
}

async function verify(ctx: Context, { email, password }: Credentials) {
  const found = await ctx.identityDatabase.read({}, (tx) => selectByEmail(tx, { email }));
  const [first] = found;
  const user = await findMatch(ctx, found, password);
  if (!user && first) ctx.background(() => recordFailedSignIn(ctx, first.id));
  if (!user) return undefined;
  if (ctx.security.passwords.isOutdated(user.passwordHash)) {
    await replaceHash(ctx, user.id, { outdated: user.passwordHash, password });
  }
  return withoutHash(user);
}

/**
 * The first account with this password: the verified one, then the newest. Checks at least two hashes, so
 * that the duration reveals neither that an account exists nor that its address is verified.
 */
async function findMatch<U extends { passwordHash: string; emailVerifiedAt: Date | null }>(
  { security }: Context,
  found: readonly U[],
  password: string,
): Promise<U | undefined> {
  const verified = found.filter(({ emailVerifiedAt }) => emailVerifiedAt);
  const others = found.filter(({ emailVerifiedAt }) => !emailVerifiedAt).toReversed();
  const candidates = [...verified, ...others];
  for (let at = 0; at < Math.max(2, candidates.length); at += 2) {
    const pair = [candidates[at], candidates[at + 1]];
    const matches = await Promise.all(
      pair.map((user) => security.passwords.verify(password, user?.passwordHash)),
    );
    const match = pair.find((_, index) => matches[index]);
    if (match) return match;
  }
  return undefined;
}

function withoutHash<U extends { passwordHash: string }>({ passwordHash: _, ...user }: U) {
  return user;
}

/** Does nothing if the password has changed since; after a failure the next login tries again. */
async function replaceHash(
  ctx: Context,
  userId: Id<'usr'>,
  { outdated, password }: { outdated: string; password: string },
): Promise<void> {
  try {
    const passwordHash = await ctx.security.passwords.hash(password);
    await ctx.identityDatabase.write({}, (tx) =>
      tx
        .update(credentials)
        .set({ passwordHash })
        .where(matches(credentials, { userId, passwordHash: outdated })),
    );
  } catch (error) {
    ctx.log.warn(
      { err: serializeError(error), userId },
      'users: failed to replace an outdated password hash',
    );
  }
}

/** The caller, if the session is live and this is their password; throws like requireOwnPassword. */
export async function confirmPassword(ctx: UserContext, password: string) {
  await requireLiveSession(ctx);
  return requireOwnPassword(ctx, ctx.actor.userId, password);
}
