import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { members, users } from '@insightdesk/shared/domain/identity/users';
import type { JobRun } from '@insightdesk/shared/jobs';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { claimUnverified } from './claim-unverified.ts';
import { eraseEverything } from './erase-everything.ts';

const PAGE = 100;
const MOST_LOOKED_AT = 5_000;
const MOST_ERASED = 200;

/**
 * Erases accounts that nobody verified in `days` and that were not used in that time, each with the
 * organisation that it founded and left empty. What is kept is looked at again `days` later. How many
 * were erased; what is left undone the next run does.
 */
export async function collectUnverified(
  ctx: Context,
  { days }: { days: number },
  { signal }: Pick<JobRun, 'signal'>,
): Promise<number> {
  // Where addresses need no proof, an account without one is like any other.
  if (!ctx.settings.provenAddressesOnly) return 0;
  let erased = 0;
  for (let looked = 0; looked < MOST_LOOKED_AT && erased < MOST_ERASED; ) {
    const found = await findUnverified(ctx, days);
    for (const userId of found) {
      signal.throwIfAborted();
      const tenantId = await onlyOwn(ctx, userId);
      if (tenantId && (await claimUnverified(ctx, { tenantId, userId, days }))) {
        await eraseEverything(ctx, { tenantId, requestedBy: 'unverified', signal });
        erased++;
      } else await noteLook(ctx, userId);
    }
    looked += found.length;
    if (found.length < PAGE) break;
  }
  return erased;
}

/** Whoever was not looked at for longest. */
async function findUnverified({ database }: Context, days: number): Promise<Id<'usr'>[]> {
  const lookedAt = sql`coalesce(${users.lookedAt}, ${users.createdAt})`;
  const rows = await database.write({}, (tx) =>
    tx
      .select({ id: users.id })
      .from(users)
      .where(
        and(
          isNull(users.emailVerifiedAt),
          sql`${lookedAt} < now() - make_interval(days => ${days}::int)`,
        ),
      )
      .orderBy(lookedAt)
      .limit(PAGE),
  );
  return rows.map(({ id }) => id);
}

/** The organisation that the person owns, if it was never in another one. */
async function onlyOwn({ database }: Context, userId: Id<'usr'>): Promise<Id<'org'> | undefined> {
  const [one, another] = await database.read({ userId }, (tx) =>
    tx.select().from(members).where(eq(members.userId, userId)).limit(2).execute(),
  );
  return !another && one?.role === 'owner' && !one.removedAt ? one.tenantId : undefined;
}

const noteLook = ({ database }: Context, userId: Id<'usr'>) =>
  database.write({}, (tx) =>
    tx.update(users).set({ lookedAt: new Date() }).where(eq(users.id, userId)),
  );
