import { createHash } from 'node:crypto';
import type { TenantContext } from '@insightdesk/shared/context';
import { sql } from 'drizzle-orm';

/** Consumes one of `max` uses of `key` per day (UTC); false when none is left. */
export async function consumeDailyQuota(
  { tx }: TenantContext,
  key: string,
  max: number,
): Promise<boolean> {
  const [row] = await tx.execute<{ consumed: boolean | null }>(
    sql`select app.consume_daily_quota(${key}, ${max}::int) as consumed`,
  );
  return row?.consumed === true;
}

/** The key of a quota; hashed, because counts outlive erased users and organizations. */
export const quotaKey = (purpose: string, subject: string) =>
  `${purpose}:${createHash('sha256').update(subject).digest('hex')}`;

/** Seconds until daily quotas are reset. */
export const secondsUntilReset = (now = Date.now()) =>
  Math.ceil((86_400_000 - (now % 86_400_000)) / 1000);
