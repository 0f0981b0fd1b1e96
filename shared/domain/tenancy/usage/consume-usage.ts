import type { ExactCounter, TenantContext } from '@insightdesk/shared/context';
import { sql } from 'drizzle-orm';

/** The daily email quota of the tenant: its own one, or the default, which verified owners raise. */
export const emailsPerDay = ({ limits, settings }: Pick<TenantContext, 'limits' | 'settings'>) => {
  const { 'emails-per-day': verified } = limits.quotas;
  const { perDayUnverified } = limits.emails;
  const unverified = settings.requiresVerifiedEmail ? perDayUnverified : verified;
  return sql`app.quota(app.tenant_id(), 'emails-per-day', case when app.has_verified_owner(app.tenant_id()) then ${verified}::bigint else ${unverified}::bigint end)`;
};

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
