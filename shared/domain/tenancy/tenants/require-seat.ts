import type { TenantContext } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';
import { TenantErrors } from './errors.ts';

const staff = sql`select count(*)::int from members
  where tenant_id = app.tenant_id() and removed_at is null and role <> 'customer'`;

/** How many of its active members are staff. */
export const countSeats = (tx: Pick<TenantContext['tx'], 'execute'>) =>
  tx.execute(sql`select (${staff}) as seats`).then(([row]) => Number(row?.seats ?? 0));

/**
 * Called in the transaction in which somebody has just become staff: one at a time per organisation,
 * so that the count is exact. Throws 422 QUOTA_EXCEEDED when there are more than may be.
 */
export async function requireSeat({ tx, tenantId, settings }: TenantContext): Promise<void> {
  const id = toUuid(tenantId);
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`seats ${id}`}, 0))`);
  const [row] = await tx.execute(sql`select (${staff}) as seats,
    app.quota(${id}::uuid, 'seats', ${settings.quotas.seats}::bigint) as allowed`);
  const [used, allowed] = [Number(row?.seats), Number(row?.allowed)];
  if (allowed > 0 && used > allowed) {
    throw TenantErrors.QuotaExceeded('seats', { used: used - 1, allowed });
  }
}
