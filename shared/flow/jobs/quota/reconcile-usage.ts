import type { Id } from '@insightdesk/shared/contract';
import type { Redis } from 'iovalkey';
import { jobKey, parseIndexMember } from '../definition/job-keys.ts';
import {
  type EndedJob,
  type QueueQuota,
  type QueueUsageCounters,
  usageIndexKey,
  usageKey,
} from './queue-usage.ts';

const FIELDS_PER_PAGE = 500;
const TENANTS_PER_PAGE = 100;
const MAX_TENANTS = 5_000;
const MAX_MISSING = 50_000;

/** The fields of a usage hash that are sums, not jobs. */
const SUMS = ['#', '$', '!'];

/**
 * Subtracts jobs from the usage that ended unreported, such as by a kill; returns their number. A job
 * that is missing may be about to be added, so it is gone only when two runs miss it.
 */
export function createUsageReconciler(
  valkey: Redis,
  prefix: string,
  countEnded: QueueUsageCounters['countEnded'],
) {
  let missedBefore = new Set<string>();
  let lastTenant = '';

  return async (quotaOf: (owner: Id<'org'>) => QueueQuota): Promise<number> => {
    const missing = new Set<string>();
    const isGone = (name: string) => {
      if (missing.size < MAX_MISSING) missing.add(name);
      return missedBefore.has(name);
    };
    let count = 0;
    for (let seen = 0; seen < MAX_TENANTS; seen += TENANTS_PER_PAGE) {
      const from = lastTenant ? `(${lastTenant}` : '-';
      const page = ['LIMIT', 0, TENANTS_PER_PAGE] as const;
      const owners = await valkey.zrange(usageIndexKey(prefix), from, '+', 'BYLEX', ...page);
      for (const owner of owners as Id<'org'>[]) {
        for await (const counted of countedPages(valkey, usageKey(prefix, owner))) {
          const ended = await findEnded(valkey, prefix, { owner, counted, isGone });
          await countEnded(owner, quotaOf(owner), ended);
          count += ended.length;
        }
      }
      lastTenant = owners.length < TENANTS_PER_PAGE ? '' : (owners.at(-1) as string);
      if (!lastTenant) break;
    }
    missedBefore = missing;
    return count;
  };
}

type CountedJob = [field: string, bytes: string];

async function* countedPages(valkey: Redis, key: string): AsyncGenerator<CountedJob[]> {
  let cursor = '0';
  do {
    const [next, found] = await valkey.hscan(key, cursor, 'COUNT', FIELDS_PER_PAGE);
    yield found.flatMap((field, at): CountedJob[] =>
      at % 2 === 1 || SUMS.includes(field) ? [] : [[field, found[at + 1] as string]],
    );
    cursor = next;
  } while (cursor !== '0');
}

interface CountedPage {
  owner: Id<'org'>;
  counted: readonly CountedJob[];
  isGone(name: string): boolean;
}

async function findEnded(valkey: Redis, prefix: string, { owner, counted, isGone }: CountedPage) {
  const lookups = valkey.pipeline();
  const jobs = counted.map(([field]) => parseIndexMember(field.replace('!', '')));
  for (const { queue, id } of jobs) {
    const key = jobKey(prefix, queue, { tenantId: owner, id });
    lookups.hmget(key, 'timestamp', 'finishedOn', 'failedReason');
  }
  const replies = (await lookups.exec()) ?? [];
  return jobs.flatMap((job, at): EndedJob[] => {
    const [field, bytes] = counted[at] as CountedJob;
    const reply = replies[at];
    if (!reply || reply[0]) return [];
    const [timestamp, finishedOn, failedReason] = reply[1] as (string | null)[];
    if (timestamp == null) return isGone(`${owner} ${field}`) ? [job] : [];
    if (!finishedOn || field.startsWith('!')) return [];
    return [failedReason == null ? job : { ...job, failedBytes: Number(bytes) }];
  });
}
