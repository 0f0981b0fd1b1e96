import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { members, users } from '@insightdesk/shared/domain/identity/users';
import type { JobRun } from '@insightdesk/shared/jobs';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { claimUnverifiedTenant } from './claim-unverified-tenant.ts';
import { deleteTenant } from './delete-tenant.ts';

const PAGE = 100;
const MAX_CHECKED = 5_000;
const MAX_DELETED = 200;

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
  let deleted = 0;
  for (let checked = 0; checked < MAX_CHECKED && deleted < MAX_DELETED; ) {
    const userIds = await findUnverified(ctx, days);
    for (const userId of userIds) {
      signal.throwIfAborted();
      const tenantId = await findOnlyTenant(ctx, userId);
      if (tenantId && (await claimUnverifiedTenant(ctx, { tenantId, userId, days }))) {
        await deleteTenant(ctx, { tenantId, requestedBy: 'unverified', signal });
        deleted++;
      } else await markChecked(ctx, userId);
    }
    checked += userIds.length;
    if (userIds.length < PAGE) break;
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
