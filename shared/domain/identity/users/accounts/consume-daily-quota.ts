import { createHash } from 'node:crypto';
import type { TenantContext } from '@insightdesk/shared/context';
import { sql } from 'drizzle-orm';

/** Takes one of `most` that `key` has on a day (UTC), exactly; false when none is left. */
export async function consumeDailyQuota(
  { tx }: TenantContext,
  key: string,
  most: number,
): Promise<boolean> {
  const [row] = await tx.execute<{ taken: boolean | null }>(
    sql`select app.consume_daily_quota(${key}, ${most}::int) as taken`,
  );
  return row?.taken === true;
}

/** A key that does not say of whom: counts outlive organisations and people that are erased. */
export const quotaKey = (purpose: string, whose: string) =>
  `${purpose}:${createHash('sha256').update(whose).digest('hex')}`;

/** Seconds until the counts begin anew. */
export const secondsUntilReset = (now = Date.now()) =>
  Math.ceil((86_400_000 - (now % 86_400_000)) / 1000);
