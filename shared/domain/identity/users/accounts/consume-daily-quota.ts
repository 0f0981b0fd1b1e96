import { createHash } from 'node:crypto';
import type { TenantContext } from '@insightdesk/shared/context';
import { sql } from 'drizzle-orm';

const DAY_MS = 86_400_000;

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

/** Consumes one of `max` uses of `key` per day; throws with the seconds until the reset when none is left. */
export async function requireDailyQuota(
  ctx: TenantContext,
  key: string,
  { max, exceeded }: { max: number; exceeded: (retryAfterSeconds: number) => Error },
): Promise<void> {
  if (await consumeDailyQuota(ctx, key, max)) return;
  throw exceeded(Math.ceil((DAY_MS - (Date.now() % DAY_MS)) / 1000));
}
