import type { QuotaName, Quotas, SpendableQuota } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';

/** What the database returns about an organization when its counts are written. */
export interface UsageRow {
  tenant_id: string;
  day: string;
  today: string;
  month: string;
  parked: string;
  quotas: Partial<Quotas> | null;
  verified: boolean;
}

interface TenantUsage {
  quotas: Partial<Quotas>;
  isVerified: boolean;
  /** Requests of the day and its month, over all processes, at the last flush. */
  requests: { day: string; today: number; month: number };
  /** Jobs over the quota, parked in the database. */
  parkedJobs: number;
}

interface KnownUsageOptions {
  defaults: Quotas;
  unverified: Partial<Quotas>;
  /** Organizations; the least recently stored are forgotten. */
  maxEntries: number;
}

/** Limit of parked jobs, as a multiple of the `waiting-jobs` quota. */
const MAX_PARKED_RATIO = 10;

/** The current day in UTC. */
export const today = () => new Date().toISOString().slice(0, 10);

/** The usage and quotas of organizations as this process has read them. */
export function createKnownUsage({ defaults, unverified, maxEntries }: KnownUsageOptions) {
  const known = new Map<Id<'org'>, TenantUsage>();

  function limitOf(tenantId: Id<'org'>, quota: QuotaName): number {
    const { quotas, isVerified = true } = known.get(tenantId) ?? {};
    const byDefault = (!isVerified && unverified[quota]) || defaults[quota];
    return (quotas?.[quota] ?? byDefault) || Number.POSITIVE_INFINITY;
  }

  return {
    has: (tenantId: Id<'org'>) => known.has(tenantId),
    store(rows: readonly UsageRow[]) {
      for (const row of rows) {
        const tenantId = fromUuid('org', row.tenant_id);
        known.delete(tenantId);
        known.set(tenantId, {
          quotas: row.quotas ?? {},
          isVerified: row.verified,
          requests: { day: row.day, today: Number(row.today), month: Number(row.month) },
          parkedJobs: Number(row.parked),
        });
      }
      for (const oldest of known.keys()) if (known.size > maxEntries) known.delete(oldest);
    },
    limitOf,
    /** `unflushed` are requests of today that this process has not written yet. */
    isSpent(tenantId: Id<'org'>, quota: SpendableQuota, unflushed: number): boolean {
      const limit = limitOf(tenantId, quota);
      if (limit === Number.POSITIVE_INFINITY) return false;
      if (quota === 'waiting-jobs')
        return (known.get(tenantId)?.parkedJobs ?? 0) >= limit * MAX_PARKED_RATIO;
      const day = today();
      const { requests } = known.get(tenantId) ?? { requests: undefined };
      if (requests?.day.slice(0, 7) !== day.slice(0, 7)) return unflushed >= limit;
      if (quota === 'requests-per-month') return requests.month + unflushed >= limit;
      return (requests.day === day ? requests.today : 0) + unflushed >= limit;
    },
  };
}
