import { type Context, withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';
import { defaultQuota } from './default-quota.ts';
import { TenantErrors } from './errors.ts';

interface ByteReservation {
  id: Id<'att'>;
  bytes: number;
  /** Default: in an hour. */
  expiresAt?: Date;
}

/**
 * Reserves bytes for an upload in one statement, so that the quota is never exceeded; throws 422
 * QUOTA_EXCEEDED. An unreleased reservation is deleted when it expires.
 */
export const reserveBytes = (ctx: Context, { id, bytes, expiresAt }: ByteReservation) =>
  withTenant(ctx, async ({ tx, tenantId, limits }) => {
    const fallback = defaultQuota(limits, 'stored-bytes');
    const [row] = await tx.execute(sql`select * from app.reserve_bytes(
      ${toUuid(tenantId)}::uuid, ${toUuid(id)}::uuid, ${bytes}::bigint, ${fallback})`);
    if (row?.reserved === true) {
      if (expiresAt) await tx.execute(extend(tenantId, id, expiresAt));
      return;
    }
    throw TenantErrors.QuotaExceeded('stored-bytes', {
      used: Number(row?.used),
      allowed: Number(row?.allowed),
    });
  });

const extend = (tenantId: Id<'org'>, id: Id<'att'>, expiresAt: Date) =>
  sql`update byte_reservations set expires_at = ${expiresAt.toISOString()}::timestamptz
    where tenant_id = ${toUuid(tenantId)}::uuid and id = ${toUuid(id)}::uuid`;

/** Releases a reservation, in the open transaction if there is one; false when it is unknown. */
export const releaseBytes = (ctx: Context, id: Id<'att'>): Promise<boolean> =>
  withTenant(ctx, async ({ tx, tenantId }) => {
    const [row] = await tx.execute(sql`select app.release_bytes(
      ${toUuid(tenantId)}::uuid, ${toUuid(id)}::uuid) as known`);
    return row?.known === true;
  });
