import { type Context, withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';
import { TenantErrors } from './errors.ts';

interface Wanted {
  id: Id<'att'>;
  bytes: number;
  /** An hour from now unless told. */
  expiresAt?: Date;
}

/**
 * Sets bytes aside for an upload of this id, in one statement, so that not one byte more is promised
 * than the quota; throws 422 QUOTA_EXCEEDED. What is not released is collected when it expires.
 */
export const reserveBytes = (ctx: Context, { id, bytes, expiresAt }: Wanted) =>
  withTenant(ctx, async ({ tx, tenantId, settings }) => {
    const fallback = settings.quotas['stored-bytes'];
    const [row] = await tx.execute(sql`select * from app.reserve_bytes(
      ${toUuid(tenantId)}::uuid, ${toUuid(id)}::uuid, ${bytes}::bigint, ${fallback}::bigint)`);
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

/** Gives back what was set aside, in the transaction that stores what came of it, or without one. */
export const releaseBytes = (ctx: Context, id: Id<'att'>): Promise<boolean> =>
  withTenant(ctx, async ({ tx, tenantId }) => {
    const [row] = await tx.execute(sql`select app.release_bytes(
      ${toUuid(tenantId)}::uuid, ${toUuid(id)}::uuid) as known`);
    return row?.known === true;
  });
