import type { ExactCounter, TenantContext } from '@insightdesk/shared/context';
import { sql } from 'drizzle-orm';

/**
 * Counts one use of a daily quota in the open transaction, exact over all processes; false when none
 * is left. A rollback returns the use.
 */
export async function consumeUsage(
  { tx }: TenantContext,
  counter: ExactCounter,
  limit = sql`0`,
): Promise<boolean> {
  const [row] = await tx.execute<{ consumed: boolean | null }>(
    sql`select app.consume_usage(${counter}, ${limit}) as consumed`,
  );
  return row?.consumed === true;
}
