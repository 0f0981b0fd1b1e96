import { createHash } from 'node:crypto';
import type { Context } from '@insightdesk/shared/context';
import type { Tx } from '@insightdesk/shared/database';
import { ipPrefix } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { AccountErrors } from './errors.ts';

interface BlockPolicy {
  freeFailures: number;
  maxBlockSeconds: number;
}

const perPrefix: BlockPolicy = { freeFailures: 5, maxBlockSeconds: 900 };
/** Short, so that nobody can lock users out. */
const overall: BlockPolicy = { freeFailures: 25, maxBlockSeconds: 300 };
/** 4, 8, 16 seconds and so on. */
const FIRST_BLOCK_LOG2_SECONDS = 2;
const ANY_PREFIX = '';
const RESET_AFTER = sql`interval '1 day'`;

/** Attempts for one account from one IP prefix run one after another in this process. */
const MAX_QUEUED_ATTEMPTS = 20;
const queues = new Map<string, { last: Promise<unknown>; length: number }>();

/**
 * Counts a login as failed before its password is verified, so that concurrent attempts on all
 * replicas count; throws 429 while the account is blocked. After 5 failures from an IP prefix the
 * blocks double up to 15 minutes; after 25 from all prefixes up to 5 minutes, except for prefixes
 * with an earlier success. Unknown accounts count alike. If the count fails, the login fails.
 * `verify` returns undefined for a failed login.
 */
export function withLoginThrottle<T>(
  ctx: Context,
  email: string,
  verify: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const account = createHash('sha256').update(email).digest('hex');
  const prefix = ipPrefix(ctx.ip ?? 'unknown');
  return runInQueue(`${account} ${prefix}`, async () => {
    await ctx.identityDatabase.write({}, async (tx) => {
      const { hasSucceeded } = await countFailure(tx, { account, prefix }, perPrefix);
      if (!hasSucceeded) await countFailure(tx, { account, prefix: ANY_PREFIX }, overall);
    });
    const found = await verify();
    if (found !== undefined) await resetFailures(ctx, account, prefix);
    return found;
  });
}

/** Resets the failures of the prefix and records its success. */
const resetFailures = (ctx: Context, account: string, prefix: string) =>
  ctx.identityDatabase.write({}, async (tx) => {
    await tx.execute(sql`
      update identity.sign_in_attempts
      set failures = 0, blocked_until = null, succeeded_at = now()
      where account = ${account} and ip_prefix = ${prefix}`);
    await tx.execute(sql`
      update identity.sign_in_attempts set failures = greatest(0, failures - 1)
      where account = ${account} and ip_prefix = ${ANY_PREFIX}`);
  });

/** Concurrent logins of one user must not count each other as failures. */
async function runInQueue<T>(key: string, work: () => Promise<T>): Promise<T> {
  const queue = queues.get(key) ?? { last: Promise.resolve(), length: 0 };
  if (queue.length >= MAX_QUEUED_ATTEMPTS) throw AccountErrors.TooManyFailures(1);
  queues.set(key, queue);
  queue.length++;
  const result = queue.last.then(work, work);
  queue.last = result.catch(() => {});
  try {
    return await result;
  } finally {
    if (--queue.length === 0) queues.delete(key);
  }
}

/** Throws while the account is blocked, which rolls back the failures counted before. */
async function countFailure(
  tx: Tx,
  { account, prefix }: { account: string; prefix: string },
  { freeFailures, maxBlockSeconds }: BlockPolicy,
): Promise<{ hasSucceeded: boolean }> {
  const failures = sql`case when a.last_at < clock_timestamp() - ${RESET_AFTER} then 1 else a.failures + 1 end`;
  const block = sql`least(${maxBlockSeconds}::float8,
    power(2, least(${failures} - ${freeFailures}, 20) + ${FIRST_BLOCK_LOG2_SECONDS}))`;
  const [counted] = await tx.execute(sql`
    insert into identity.sign_in_attempts as a (account, ip_prefix, failures)
    values (${account}, ${prefix}, 1)
    on conflict (account, ip_prefix) do update set
      failures = ${failures},
      last_at = clock_timestamp(),
      blocked_until = case when ${failures} >= ${freeFailures}
        then clock_timestamp() + ${block} * interval '1 second' end
    where a.blocked_until is null or a.blocked_until <= clock_timestamp()
    returning succeeded_at is not null as "hasSucceeded"`);
  if (counted) return counted as { hasSucceeded: boolean };
  const [blocked] = await tx.execute(sql`
    select extract(epoch from blocked_until - clock_timestamp())::float8 as seconds
    from identity.sign_in_attempts where account = ${account} and ip_prefix = ${prefix}`);
  throw AccountErrors.TooManyFailures(Number(blocked?.seconds ?? maxBlockSeconds));
}
