import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { users } from '@insightdesk/shared/domain/identity/users';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { tenantTables } from './tenant-tables.ts';

interface Unverified {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  /** Without use and without a proof. */
  days: number;
}

/** What founding an organisation and looking around in it leaves; a row in any other table is work. */
const traces = new Set([
  ...['members', 'sessions', 'outbox', 'job_steps', 'kept_answers'],
  ...['audit_entries', 'audit_chains', 'audit_checkpoints', 'deliveries'],
  ...['usage_counters', 'stored_bytes'],
]);

/** How long its erasure has before the clock takes it up, should whoever began not have lived to. */
const LEAD = sql`now() + interval '1 hour'`;

/**
 * Shuts an empty organisation for its erasure, and makes the links of its owner void, if he is still
 * unverified, alone, and was not seen for `days`. A verification, an acceptance and a sign-in lock the
 * same rows: who comes first has it, and no account is half gone.
 */
export async function claimUnverified(ctx: Context, account: Unverified): Promise<boolean> {
  const { tenantId, userId } = account;
  const tables = await tenantTables(ctx, tenantId);
  const others = tables.map(({ name }) => name).filter((name) => !traces.has(name));
  return ctx.database.write({ tenantId }, async (tx) => {
    // Links before the person, as whoever follows one does.
    await tx.execute(sql`select id from account_links
      where user_id = ${toUuid(userId)}::uuid order by id for update`);
    const [person] = await tx
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.id, userId), isNull(users.emailVerifiedAt)))
      .for('update');
    if (!person || !(await isLeft(tx, account, others))) return false;
    const shut = await tx
      .update(organizations)
      .set({ disabledAt: sql`now()` as unknown as Date, eraseAt: LEAD as unknown as Date })
      .where(
        and(
          eq(organizations.id, tenantId),
          isNull(organizations.disabledAt),
          isNull(organizations.eraseAt),
        ),
      )
      .returning({ id: organizations.id });
    if (shut.length === 0) return false;
    await tx.execute(sql`update account_links set used_at = now()
      where user_id = ${toUuid(userId)}::uuid and used_at is null`);
    return true;
  });
}

/** Nobody else belongs to it, nothing is in it, and nobody came in for so long. */
async function isLeft(tx: Tx, { userId, days }: Unverified, tables: string[]): Promise<boolean> {
  const filled = tables.map((name) => sql`exists (select from ${sql.identifier(name)})`);
  const [row] = await tx.execute<{ is_used: boolean }>(sql`select
    exists (select from members where user_id <> ${toUuid(userId)}::uuid)
    or exists (select from sessions where
      refreshed_at > now() - make_interval(days => ${days}::int)
      or (revoked_at is null and expires_at > now()))
    or ${sql.join(filled, sql` or `)} as is_used`);
  return row?.is_used === false;
}
