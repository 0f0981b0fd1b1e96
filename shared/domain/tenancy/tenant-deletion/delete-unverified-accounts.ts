import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { members, users } from '@insightdesk/shared/domain/identity/users';
import type { JobRun } from '@insightdesk/shared/jobs';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { claimUnverifiedTenant } from './claim-unverified-tenant.ts';
import { deleteTenant } from './delete-tenant.ts';

const PAGE = 100;
/** Bounds of a run, which is hourly: more than addresses may register, see REGISTRATIONS_PER_DAY. */
const MAX_CHECKED = 50_000;
const MAX_DELETED = 10_000;
const RUN_MS = 45 * 60_000;
const CONCURRENCY = 4;

/**
 * Deletes accounts that were neither verified nor used for `days`, each with the organization that the
 * user created and left empty. An account that stays is checked again `days` later. Returns how many
 * were deleted; the next run continues.
 */
export async function deleteUnverifiedAccounts(
  ctx: Context,
  { days }: { days: number },
  { signal }: Pick<JobRun, 'signal'>,
): Promise<number> {
  // Without mandatory verification an unverified account is an ordinary one.
  if (!ctx.settings.requiresVerifiedEmail) return 0;
  const end = performance.now() + RUN_MS;
  let deleted = 0;
  const deleteOne = async (userId: Id<'usr'>) => {
    signal.throwIfAborted();
    const tenantId = await findOnlyTenant(ctx, userId);
    if (tenantId && (await claimUnverifiedTenant(ctx, { tenantId, userId, days }))) {
      await deleteTenant(ctx, { tenantId, requestedBy: 'unverified', signal });
      deleted++;
    } else await markChecked(ctx, userId);
  };
  for (let checked = 0; checked < MAX_CHECKED && deleted < MAX_DELETED; ) {
    const userIds = await findUnverified(ctx, days);
    for (let at = 0; at < userIds.length && performance.now() < end; at += CONCURRENCY) {
      const outcomes = await Promise.allSettled(userIds.slice(at, at + CONCURRENCY).map(deleteOne));
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    }
    checked += userIds.length;
    if (userIds.length < PAGE || performance.now() >= end) break;
  }
  return deleted;
}

/** Unverified users, the least recently checked first. */
async function findUnverified({ database }: Context, days: number): Promise<Id<'usr'>[]> {
  const checkedAt = sql`coalesce(${users.lastCheckedAt}, ${users.createdAt})`;
  const rows = await database.write('system', (tx) =>
    tx
      .select({ id: users.id })
      .from(users)
      .where(
        and(
          isNull(users.emailVerifiedAt),
          sql`${checkedAt} < now() - make_interval(days => ${days}::int)`,
        ),
      )
      .orderBy(checkedAt)
      .limit(PAGE),
  );
  return rows.map(({ id }) => id);
}

/** The organization that the user owns, unless the user was ever a member of another one. */
async function findOnlyTenant(
  { database }: Context,
  userId: Id<'usr'>,
): Promise<Id<'org'> | undefined> {
  const [membership, another] = await database.read({ userId }, (tx) =>
    tx.select().from(members).where(eq(members.userId, userId)).limit(2).execute(),
  );
  const isOwner = membership?.role === 'owner' && !membership.removedAt;
  return !another && isOwner ? membership.tenantId : undefined;
}

const markChecked = ({ database }: Context, userId: Id<'usr'>) =>
  database.write('system', (tx) =>
    tx.update(users).set({ lastCheckedAt: new Date() }).where(eq(users.id, userId)),
  );
