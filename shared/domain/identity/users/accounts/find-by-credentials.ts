import type { Context, TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { serializeError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import { and, desc, eq, getTableColumns, sql } from 'drizzle-orm';
import { z } from 'zod';
import { isCommonPassword } from './is-common-password.ts';
import { UserErrors } from '../errors.ts';
import { credentials, stagedPasswords } from './identity-tables.ts';
import { recordFailedSignIn } from './record-failed-sign-in.ts';
import { withLoginThrottle } from './with-login-throttle.ts';
import { users } from '../tables.ts';

/** A password somebody chooses. */
export const password = z
  .string()
  .min(8)
  .max(200)
  .refine((chosen) => !isCommonPassword(chosen), 'Many people use this one: choose another');

/** Throws 422 when a chosen password is what everybody knows of this person. */
export function rejectWeakPassword(chosen: string, known: readonly string[]): void {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  const words = known.flatMap((text) => [text, ...text.split('@')]).map(bare);
  const tried = [bare(chosen), bare(chosen).replace(/\d+$/, '')];
  if (words.some((word) => word !== '' && tried.includes(word))) {
    throw UserErrors.WeakPassword('Must not be your own or your organisation’s name or address');
  }
}

const account = { ...getTableColumns(users), passwordHash: credentials.passwordHash };

// The one who has shown that the address is his, and then the newest who only say so.
const byEmail = statement({ email: users.email }, ({ email }, q) =>
  q
    .select(account)
    .from(users)
    .innerJoin(credentials, eq(credentials.userId, users.id))
    .where(eq(users.email, email))
    .orderBy(sql`(email_verified_at is null)`, desc(users.createdAt))
    .limit(2),
);

const byId = statement({ id: users.id }, ({ id }, q) =>
  q
    .select(account)
    .from(users)
    .innerJoin(credentials, eq(credentials.userId, users.id))
    .where(eq(users.id, id)),
);

/** Longer than any hash takes to be checked, ours or imported: time tells nothing of an account. */
const FAILURE_MS = 300;

/** Who says so, and the password given. */
interface Claimed {
  email: string;
  password: string;
}

/**
 * The account with this address whose password it is, the verified one first; counts as a failed
 * sign-in when there is none: 429 while the account has to wait. A hash that is outdated is made anew.
 */
export const findByCredentials = (ctx: Context, claimed: Claimed) =>
  withLoginThrottle(ctx, claimed.email, () => check(ctx, claimed));

/** The person with this e-mail address and password; unknown and wrong take the same time. */
export async function requireCredentials(ctx: Context, claimed: Claimed) {
  const startedAt = performance.now();
  const found = await findByCredentials(ctx, claimed);
  if (found) return found;
  await sleep(Math.max(0, FAILURE_MS - (performance.now() - startedAt)));
  throw UserErrors.InvalidCredentials();
}

/**
 * The person itself, who says its own password again, and no other account's with the same address;
 * throws 403 WRONG_PASSWORD, and counts as a failed sign-in, when it is another.
 */
export async function requireOwnPassword(ctx: Context, id: Id<'usr'>, given: string) {
  const [own] = await ctx.identityDatabase.read({}, (tx) => byId(tx, { id }));
  if (!own) throw UserErrors.WrongPassword();
  const proven = await withLoginThrottle(ctx, own.email, async () => {
    const matches = await ctx.security.passwords.verify(given, own.passwordHash);
    if (!matches) ctx.background(() => recordFailedSignIn(ctx, id));
    return matches ? own : undefined;
  });
  if (!proven) throw UserErrors.WrongPassword();
  return withoutHash(proven);
}

/** Tries two passwords, however many accounts there are, so that the time says nothing. */
async function check(ctx: Context, { email, password: given }: Claimed) {
  const found = await ctx.identityDatabase.read({}, (tx) => byEmail(tx, { email }));
  const matches = await Promise.all(
    [0, 1].map((place) => ctx.security.passwords.verify(given, found[place]?.passwordHash)),
  );
  const user = found.find((_, place) => matches[place]);
  const [foremost] = found;
  if (!user && foremost) ctx.background(() => recordFailedSignIn(ctx, foremost.id));
  if (!user) return undefined;
  if (ctx.security.passwords.isOutdated(user.passwordHash)) {
    await renewHash(ctx, user.id, { outdated: user.passwordHash, plain: given });
  }
  return withoutHash(user);
}

function withoutHash<U extends { passwordHash: string }>({ passwordHash: _, ...user }: U) {
  return user;
}

type Checked = Pick<typeof users.$inferSelect, 'id' | 'passwordChangedAt'>;
type Lock = 'share' | 'no key update';

/**
 * Throws 401 when the password that was checked has been replaced meanwhile; holds until the commit,
 * alone if it is to be replaced here.
 */
export async function requireUnchangedPassword(ctx: TenantContext, checked: Checked, lock?: Lock) {
  if (!(await isUnchangedPassword(ctx, checked, lock))) throw UserErrors.InvalidCredentials();
}

/** Whether the password that was checked is the person's still; holds until the commit. */
export async function isUnchangedPassword(
  { tx }: TenantContext,
  checked: Checked,
  lock: Lock = 'share',
): Promise<boolean> {
  const [now] = await tx
    .select({ changedAt: users.passwordChangedAt })
    .from(users)
    .where(eq(users.id, checked.id))
    .for(lock);
  return now !== undefined && now.changedAt?.getTime() === checked.passwordChangedAt?.getTime();
}

/** Unless the password was changed meanwhile; when it fails, the next sign-in tries again. */
async function renewHash(
  ctx: Context,
  userId: Id<'usr'>,
  { outdated, plain }: { outdated: string; plain: string },
): Promise<void> {
  try {
    const passwordHash = await ctx.security.passwords.hash(plain);
    await ctx.identityDatabase.write({}, (tx) =>
      tx
        .update(credentials)
        .set({ passwordHash })
        .where(and(eq(credentials.userId, userId), eq(credentials.passwordHash, outdated))),
    );
  } catch (error) {
    ctx.log.warn({ err: serializeError(error), userId }, 'password: hash not renewed');
  }
}

/** Adds an account; `emailVerifiedAt` is given by whoever saw a mail arrive. */
export const createAccount = (
  { tx }: TenantContext,
  fresh: Omit<typeof users.$inferInsert, 'passwordHash'>,
  passwordHash: string,
) => tx.insert(users).values({ ...fresh, passwordHash });

/**
 * Replaces a password; gives the account with the time, by the database's clock. The hash waits where
 * only the identity's login may put it, and counts once this transaction commits: whatever fails, the
 * password of before is left. Two at once come one after another, each with its hash and its time.
 */
export async function setPassword(
  { tx, identityDatabase: identity }: TenantContext,
  userId: Id<'usr'>,
  passwordHash: string,
) {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update');
  const staged = { passwordHash, ticket: Bun.randomUUIDv7(), stagedAt: new Date() };
  await identity.write({}, (own) =>
    own
      .insert(stagedPasswords)
      .values({ userId, ...staged })
      .onConflictDoUpdate({ target: stagedPasswords.userId, set: staged }),
  );
  const passwordChangedAt = sql`clock_timestamp()` as unknown as Date;
  const [user] = await tx
    .update(users)
    .set({ passwordTicket: staged.ticket, passwordChangedAt })
    .where(eq(users.id, userId))
    .returning();
  if (!user?.passwordChangedAt) throw UserErrors.NotFound();
  return { ...user, passwordChangedAt: user.passwordChangedAt };
}
