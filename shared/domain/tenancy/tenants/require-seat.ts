import type { TenantContext } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { lockUntilCommit } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { TenantErrors } from './errors.ts';

const staff = sql`select count(*)::int from members
  where tenant_id = app.tenant_id() and removed_at is null and role <> 'customer'`;

/**
 * Checks the seats quota in the transaction that has added a member of staff; serialized per
 * organization, so that the count is exact. Throws 422 QUOTA_EXCEEDED.
 */
export async function requireSeat({ tx, tenantId, limits }: TenantContext): Promise<void> {
  const id = toUuid(tenantId);
  await lockUntilCommit(tx, `seats ${id}`);
  const [row] = await tx.execute(sql`select (${staff}) as seats,
    app.quota(${id}::uuid, 'seats', ${limits.quotas.seats}::bigint) as allowed`);
  const [used, allowed] = [Number(row?.seats), Number(row?.allowed)];
  if (allowed > 0 && used > allowed) {
    throw TenantErrors.QuotaExceeded('seats', { used: used - 1, allowed });
  }
}
