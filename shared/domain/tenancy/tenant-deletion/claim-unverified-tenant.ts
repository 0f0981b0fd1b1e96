import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { type Tx, withCommit } from '@insightdesk/shared/database';
import { showLinksOf, users } from '@insightdesk/shared/domain/identity/users';
import { listTenantTables } from '@insightdesk/shared/domain/tenancy/tenant-export';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, eq, isNull, sql } from 'drizzle-orm';

interface UnverifiedAccount {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  /** Without use and without a verified address. */
  days: number;
}

/** Tables that have rows of an organization even if it was never used. */
const tablesOfEmptyTenant = new Set([
  ...['members', 'sessions', 'outbox', 'job_steps', 'idempotency_keys'],
  ...['audit_entries', 'audit_chains', 'audit_checkpoints', 'email_deliveries'],
  ...['usage_counters', 'stored_bytes', 'text_bytes'],
]);

/** When `deleteDueTenants` takes over a deletion whose process was killed. */
const TAKEOVER_AT = sql`now() + interval '1 hour'`;

/**
 * Disables an empty organization for its deletion and invalidates the links of its owner, if the owner
 * is still unverified, its only member, and inactive for `days`. Verification, invitation and login
 * lock the same rows: the first one wins, and no account is half deleted.
 */
export async function claimUnverifiedTenant(
  ctx: Context,
  account: UnverifiedAccount,
): Promise<boolean> {
  const { tenantId, userId } = account;
  const tables = await listTenantTables(ctx, tenantId);
  const others = tables.map(({ name }) => name).filter((name) => !tablesOfEmptyTenant.has(name));
  return ctx.database.write({ tenantId }, async (tx) => {
    // Links before the user: the order in which verification locks them.
    withCommit(tx, showLinksOf(tx, { id: userId }));
    await tx.execute(sql`select id from email_links
      where user_id = ${toUuid(userId)}::uuid order by id for update`);
    const [user] = await tx
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.id, userId), isNull(users.emailVerifiedAt)))
      .for('update');
    if (!user || (await isInUse(tx, account, others))) return false;
    const disabled = await tx
      .update(organizations)
      .set({ disabledAt: sql`now()` as unknown as Date, deleteAt: TAKEOVER_AT as unknown as Date })
      .where(
        and(
          eq(organizations.id, tenantId),
          isNull(organizations.disabledAt),
          isNull(organizations.deleteAt),
        ),
      )
      .returning({ id: organizations.id });
    if (disabled.length === 0) return false;
    await tx.execute(sql`update email_links set used_at = now()
      where user_id = ${toUuid(userId)}::uuid and used_at is null`);
    return true;
  });
}

/** It has another member, a session used within `days`, or a row in one of `tables`. */
async function isInUse(
  tx: Tx,
  { userId, days }: UnverifiedAccount,
  tables: string[],
): Promise<boolean> {
  const hasRows = tables.map((name) => sql`exists (select from ${sql.identifier(name)})`);
  const [row] = await tx.execute<{ is_used: boolean }>(sql`select
    exists (select from members where user_id <> ${toUuid(userId)}::uuid)
    or exists (select from sessions where
      refreshed_at > now() - make_interval(days => ${days}::int)
      or (revoked_at is null and expires_at > now()))
    or ${sql.join(hasRows, sql` or `)} as is_used`);
  return row?.is_used !== false;
}
