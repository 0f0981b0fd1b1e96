import { createHash } from 'node:crypto';
import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { tenantQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { consumeUsage } from '@insightdesk/shared/domain/tenancy/usage';
import { EmailErrors } from './errors.ts';

const DAY_MS = 86_400_000;

/**
 * Counts an email in the quotas of the organization and, for this organization, of the recipient;
 * throws 429 QUOTA_EXCEEDED. Invitations and emails about accounts have limits of their own.
 */
export async function consumeEmailQuota(ctx: TenantContext, recipient: string): Promise<void> {
  await requireRecipientQuota(ctx, recipient);
  if (await consumeUsage(ctx, 'emails', tenantQuota(ctx.limits, 'emails-per-day'))) return;
  const resetAt = new Date(Math.ceil((Date.now() + 1) / DAY_MS) * DAY_MS);
  throw EmailErrors.QuotaExceeded('emails-per-day', resetAt);
}

async function requireRecipientQuota({ tenantId, limits }: TenantContext, recipient: string) {
  const limit = limits.emailsPerRecipientAndDay;
  if (limit === 0) return;
  const hash = createHash('sha256').update(recipient.toLowerCase()).digest('base64url');
  const { allowed, resetAt } = await limits.checkRateLimit(
    'emails-per-recipient',
    `${tenantId}:${hash.slice(0, 22)}`,
    { limit, windowMs: DAY_MS, failMode: 'closed' },
  );
  if (!allowed) throw EmailErrors.QuotaExceeded('emails-per-recipient', resetAt);
}

/** Counts an email that was not sent because of a quota. */
export async function countOverQuota(ctx: Context): Promise<void> {
  ctx.outcomes.count('emails_total', 'over-quota');
  await withTenant(ctx, (tenant) => consumeUsage(tenant, 'emails-over-quota'));
}
