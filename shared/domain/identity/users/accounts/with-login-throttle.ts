import { createHash } from 'node:crypto';
import type { Context } from '@insightdesk/shared/context';
import type { Tx } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { UserErrors } from '../errors.ts';
import { networkOf } from '../network-of.ts';

/** How many failures are free, and how long the one after the next may take at most. */
interface Patience {
  free: number;
  maxSeconds: number;
}

/** From one address; from all, short enough not to lock anybody out. */
const one: Patience = { free: 5, maxSeconds: 900 };
const all: Patience = { free: 25, maxSeconds: 300 };
/** Four seconds, eight, sixteen. */
const FIRST_PAUSE_LOG2 = 2;
const EVERYWHERE = '';
const FORGOTTEN_AFTER = sql`interval '1 day'`;

/** Tries of one account from one address are looked at one after another here. */
const MAX_WAITING = 20;
const lines = new Map<string, { last: Promise<unknown>; length: number }>();

/**
 * Counts a sign-in as failed before its password is looked at, so that tries at once on all
 * replicas count each; throws 429 while the account has to wait. After five failures from an
 * address the pauses double up to 15 minutes; after 25 from anywhere up to five minutes, except
 * for addresses from which the account was signed in to before. Unknown accounts are counted alike.
 * When the counts cannot be kept nobody signs in. `check` gives undefined for what failed.
 */
export function withLoginThrottle<T>(
  ctx: Context,
  email: string,
  check: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const account = createHash('sha256').update(email).digest('hex');
  const address = networkOf(ctx.ip ?? 'unknown');
  return inLine(`${account} ${address}`, async () => {
    await ctx.identityDatabase.write({}, async (tx) => {
      const here = await reserve(tx, { account, address }, one);
      if (!here.isKnown) await reserve(tx, { account, address: EVERYWHERE }, all);
    });
    const found = await check();
    if (found !== undefined) await resetFailures(ctx, account, address);
    return found;
  });
}

/** Its failures from here are forgotten, and the address is known from now on. */
const resetFailures = (ctx: Context, account: string, address: string) =>
  ctx.identityDatabase.write({}, async (tx) => {
    await tx.execute(sql`
      update identity.sign_in_attempts
      set failures = 0, blocked_until = null, succeeded_at = now()
      where account = ${account} and ip_prefix = ${address}`);
    await tx.execute(sql`
      update identity.sign_in_attempts set failures = greatest(0, failures - 1)
      where account = ${account} and ip_prefix = ${EVERYWHERE}`);
  });

/** Somebody who signs in with ten programs at once has not failed nine times. */
async function inLine<T>(key: string, work: () => Promise<T>): Promise<T> {
  const line = lines.get(key) ?? { last: Promise.resolve(), length: 0 };
  if (line.length >= MAX_WAITING) throw UserErrors.TooManyFailures(1);
  lines.set(key, line);
  line.length++;
  const turn = line.last.then(work, work);
  line.last = turn.catch(() => {});
  try {
    return await turn;
  } finally {
    if (--line.length === 0) lines.delete(key);
  }
}

/** Throws, and so takes back what was reserved before, while there is a pause. */
async function reserve(
  tx: Tx,
  { account, address }: { account: string; address: string },
  { free, maxSeconds }: Patience,
): Promise<{ isKnown: boolean }> {
  const failures = sql`case when a.last_at < clock_timestamp() - ${FORGOTTEN_AFTER} then 1 else a.failures + 1 end`;
  const pause = sql`least(${maxSeconds}::float8, power(2, least(${failures} - ${free}, 20) + ${FIRST_PAUSE_LOG2}))`;
  const [reserved] = await tx.execute(sql`
    insert into identity.sign_in_attempts as a (account, ip_prefix, failures)
    values (${account}, ${address}, 1)
    on conflict (account, ip_prefix) do update set
      failures = ${failures},
      last_at = clock_timestamp(),
      blocked_until = case when ${failures} >= ${free}
        then clock_timestamp() + ${pause} * interval '1 second' end
    where a.blocked_until is null or a.blocked_until <= clock_timestamp()
    returning succeeded_at is not null as "isKnown"`);
  if (reserved) return reserved as { isKnown: boolean };
  const [blocked] = await tx.execute(sql`
    select extract(epoch from blocked_until - clock_timestamp())::float8 as seconds
    from identity.sign_in_attempts where account = ${account} and ip_prefix = ${address}`);
  throw UserErrors.TooManyFailures(Number(blocked?.seconds ?? maxSeconds));
}
