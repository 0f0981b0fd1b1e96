import type { TenantContext } from '@insightdesk/shared/context';
import { sql } from 'drizzle-orm';
import { tenantQuota } from './default-quota.ts';
import { TenantErrors } from './errors.ts';

/** Bytes that this process may write before it asks the database again. */
interface Allowance {
  bytes: number;
  expiresAtMs: number;
}

const MAX_ALLOWANCE_BYTES = 1024 * 1024;
/** An allowance is a small part of what is left, so that all processes together exceed a quota by little. */
const PARTS = 16;
const ALLOWANCE_MS = 5_000;
const MAX_TENANTS = 10_000;

/** Of one process, per organization; the oldest are forgotten first. */
const allowancesOf = new WeakMap<TenantContext['limits'], Map<string, Allowance>>();

/**
 * Throws 422 QUOTA_EXCEEDED when the organization has fewer bytes left than `bytes`. It does not
 * reserve them: concurrent transactions may together exceed the quota by what they write, and each
 * process by a sixteenth of what was left, at most 1 MiB.
 */
export async function requireBytesLeft(ctx: TenantContext, bytes: number): Promise<void> {
  const allowances = allowancesOf.getOrInsertComputed(ctx.limits, () => new Map());
  const allowance = allowances.get(ctx.tenantId);
  if (allowance && allowance.bytes >= bytes && Date.now() < allowance.expiresAtMs) {
    allowance.bytes -= bytes;
    return;
  }
  const left = await readBytesLeft(ctx, bytes);
  allowances.delete(ctx.tenantId);
  allowances.set(ctx.tenantId, {
    bytes: Math.min(MAX_ALLOWANCE_BYTES, left / PARTS),
    expiresAtMs: Date.now() + ALLOWANCE_MS,
  });
  const [oldest] = allowances.keys();
  if (allowances.size > MAX_TENANTS && oldest) allowances.delete(oldest);
}

/** The bytes that are left now, after `bytes` more; throws 422 QUOTA_EXCEEDED. */
export async function readBytesLeft({ tx, limits }: TenantContext, bytes = 1): Promise<number> {
  const [row] = await tx
    .execute(sql`select app.used_bytes(app.tenant_id()) as used,
    ${tenantQuota(limits, 'stored-bytes')} as allowed`)
    .execute();
  const [used, allowed] = [Number(row?.used), Number(row?.allowed)];
  if (allowed === 0) return Number.MAX_SAFE_INTEGER;
  if (used + bytes > allowed) throw TenantErrors.QuotaExceeded('stored-bytes', { used, allowed });
  return allowed - used - bytes;
}
