import type { Id } from '@insightdesk/shared/contract';
import type { Redis } from 'iovalkey';
import { jobKey, parseMember } from './ids.ts';
import { type EndedJob, type JobLoad, type JobRoom, loadKey, loadsKey } from './job-load.ts';

const LOOKS_AT_ONCE = 500;
const OWNERS_AT_ONCE = 100;
const MOST_OWNERS = 5_000;
const MOST_DOUBTS = 50_000;

/** Of whom the fields are not jobs. */
const SUMS = ['#', '$', '!'];

/**
 * Counts out what ended or vanished without a word, such as by a kill; tells how many. What is not
 * there may be on its way: it is gone when it is missing twice.
 */
export function createLoadSweep(valkey: Redis, prefix: string, end: JobLoad['end']) {
  let doubts = new Set<string>();
  let sweptTo = '';

  return async (roomOf: (owner: Id<'org'>) => JobRoom): Promise<number> => {
    const missing = new Set<string>();
    const isGone = (name: string) => {
      if (missing.size < MOST_DOUBTS) missing.add(name);
      return doubts.has(name);
    };
    let count = 0;
    for (let seen = 0; seen < MOST_OWNERS; seen += OWNERS_AT_ONCE) {
      const from = sweptTo ? `(${sweptTo}` : '-';
      const page = ['LIMIT', 0, OWNERS_AT_ONCE] as const;
      const owners = await valkey.zrange(loadsKey(prefix), from, '+', 'BYLEX', ...page);
      for (const owner of owners as Id<'org'>[]) {
        for await (const counted of pagesOf(valkey, loadKey(prefix, owner))) {
          const ended = await endedOf(valkey, prefix, { owner, counted, isGone });
          await end(owner, roomOf(owner), ended);
          count += ended.length;
        }
      }
      sweptTo = owners.length < OWNERS_AT_ONCE ? '' : (owners.at(-1) as string);
      if (!sweptTo) break;
    }
    doubts = missing;
    return count;
  };
}

type Counted = [field: string, bytes: string];

async function* pagesOf(valkey: Redis, key: string): AsyncGenerator<Counted[]> {
  let cursor = '0';
  do {
    const [next, found] = await valkey.hscan(key, cursor, 'COUNT', LOOKS_AT_ONCE);
    const pairs = found.flatMap((field, at): Counted[] =>
      at % 2 === 1 || SUMS.includes(field) ? [] : [[field, found[at + 1] as string]],
    );
    yield pairs;
    cursor = next;
  } while (cursor !== '0');
}

interface Looked {
  owner: Id<'org'>;
  counted: readonly Counted[];
  isGone(name: string): boolean;
}

async function endedOf(valkey: Redis, prefix: string, { owner, counted, isGone }: Looked) {
  const looks = valkey.pipeline();
  const jobs = counted.map(([field]) => parseMember(field.replace('!', '')));
  for (const { queue, id } of jobs) {
    const key = jobKey(prefix, queue, { tenantId: owner, id });
    looks.hmget(key, 'timestamp', 'finishedOn', 'failedReason');
  }
  const replies = (await looks.exec()) ?? [];
  return jobs.flatMap((job, at): EndedJob[] => {
    const [field, bytes] = counted[at] as Counted;
    const reply = replies[at];
    if (!reply || reply[0]) return [];
    const [timestamp, finishedOn, failed] = reply[1] as (string | null)[];
    if (timestamp == null) return isGone(`${owner} ${field}`) ? [job] : [];
    if (!finishedOn || field.startsWith('!')) return [];
    return [failed == null ? job : { ...job, letterBytes: Number(bytes) }];
  });
}
