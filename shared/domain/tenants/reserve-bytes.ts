import { type Context, withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';
import { TenantErrors } from './errors.ts';

/**
 * Sets bytes aside for an upload of this id, in one statement, so that not one byte more is promised
 * than the quota; throws 422 QUOTA_EXCEEDED. What is not released is collected after an hour.
 */
export const reserveBytes = (ctx: Context, { id, bytes }: { id: Id<'att'>; bytes: number }) =>
  withTenant(ctx, async ({ tx, tenantId, settings }) => {
    const fallback = settings.quotas['stored-bytes'];
    const [row] = await tx.execute(sql`select * from app.reserve_bytes(
      ${toUuid(tenantId)}::uuid, ${toUuid(id)}::uuid, ${bytes}::bigint, ${fallback}::bigint)`);
    if (row?.reserved === true) return;
    throw TenantErrors.QuotaExceeded('stored-bytes', {
      used: Number(row?.used),
      allowed: Number(row?.allowed),
    });
  });

/** Gives back what was set aside, in the transaction that stores what came of it, or without one. */
export const releaseBytes = (ctx: Context, id: Id<'att'>): Promise<boolean> =>
  withTenant(ctx, async ({ tx, tenantId }) => {
    const [row] = await tx.execute(sql`select app.release_bytes(
      ${toUuid(tenantId)}::uuid, ${toUuid(id)}::uuid) as known`);
    return row?.known === true;
  });
