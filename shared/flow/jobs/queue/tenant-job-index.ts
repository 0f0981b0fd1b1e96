import type { ClientContext, Redis, Result } from 'iovalkey';
import type { JobOwner } from '../definition/define-job.ts';
import {
  bullId,
  indexMember,
  type JobKey,
  type JobRef,
  parseIndexMember,
} from '../definition/job-keys.ts';
import type { JobStateName } from '../definition/job-state.ts';

/** The newest jobs of each tenant. */
export interface TenantJobIndex {
  /** Adds jobs, newest last, in one round trip. */
  add(jobs: readonly (JobKey & JobRef)[]): Promise<void>;
  /**
   * Lists the newest jobs of a tenant after `cursor`, optionally of one state. A page costs the same
   * however few jobs are in that state: each queue is asked once about all indexed jobs.
   */
  list(
    owner: JobOwner,
    query: JobPageQuery,
  ): Promise<{ jobs: JobRef[]; nextCursor: string | null }>;
}

export interface JobPageQuery {
  limit: number;
  cursor?: string;
  state?: JobStateName;
}

const MAX_INDEXED_JOBS = 1_000;
const TTL_SECONDS = 14 * 86_400;

/** The sorted sets and the short lists in which BullMQ stores the jobs of a state. */
const collections: Record<JobStateName, { sets: readonly string[]; lists: readonly string[] }> = {
  waiting: { sets: ['prioritized'], lists: ['wait', 'paused'] },
  active: { sets: [], lists: ['active'] },
  completed: { sets: ['completed'], lists: [] },
  failed: { sets: ['failed'], lists: [] },
  delayed: { sets: ['delayed'], lists: [] },
  blocked: { sets: ['waiting-children'], lists: [] },
};

/** Only jobs of lost workers wait in a list. */
const MAX_LIST_LENGTH = 1_000;

/**
 * A script, because a pipeline would load all scripts of BullMQ's connection again.
 *
 * KEYS indexes; ARGV now, max indexed jobs, ttl seconds, then for each index the number of jobs and
 * their members.
 */
const addScript = `
local at = 4
for _, index in ipairs(KEYS) do
  local adds, last = {}, at + ARGV[at]
  for i = at + 1, last do adds[#adds + 1], adds[#adds + 2] = ARGV[1], ARGV[i] end
  redis.call('ZADD', index, 'NX', unpack(adds))
  redis.call('ZREMRANGEBYRANK', index, 0, -ARGV[2] - 1)
  redis.call('EXPIRE', index, ARGV[3])
  at = last + 1
end
`;

/** Builds the index of the queues with this prefix. */
export function createTenantJobIndex(valkey: Redis, prefix: string): TenantJobIndex {
  valkey.defineCommand('jobsIndexAdd', { lua: addScript });
  const indexKey = (owner: JobOwner) => `${prefix}:tenant-jobs:{${owner}}`;

  async function filterByState(owner: JobOwner, members: string[], state: JobStateName) {
    const { sets, lists } = collections[state];
    const byQueue = [...Map.groupBy(members, (member) => parseIndexMember(member).queue)];
    const idOf = (member: string) => bullId({ tenantId: owner, id: parseIndexMember(member).id });
    const lookups = valkey.pipeline();
    for (const [queue, own] of byQueue) {
      const ids = own.map(idOf);
      for (const set of sets) lookups.zmscore(`${prefix}:${queue}:${set}`, ...ids);
      for (const list of lists)
        lookups.lrange(`${prefix}:${queue}:${list}`, 0, MAX_LIST_LENGTH - 1);
    }
    const replies = ((await lookups.exec()) ?? []).map(([, reply]) => reply as (string | null)[]);
    const found = byQueue.flatMap(([, own]) => {
      const scores = replies.splice(0, sets.length);
      const listed = new Set(replies.splice(0, lists.length).flat());
      return own.filter(
        (member, n) => listed.has(idOf(member)) || scores.some((column) => column[n] != null),
      );
    });
    const isFound = new Set(found);
    return members.filter((member) => isFound.has(member));
  }

  return {
    async add(jobs) {
      if (jobs.length === 0) return;
      const byOwner = [...Map.groupBy(jobs, ({ tenantId }) => tenantId)];
      const keys = byOwner.map(([owner]) => indexKey(owner));
      const members = byOwner.flatMap(([, own]) => {
        const newest = own.slice(-MAX_INDEXED_JOBS);
        return [newest.length, ...newest.map(indexMember)];
      });
      const head = [Date.now(), MAX_INDEXED_JOBS, TTL_SECONDS];
      await valkey.jobsIndexAdd(keys.length, ...keys, ...head, ...members);
    },

    async list(owner, { limit, cursor, state }) {
      const index = indexKey(owner);
      // A cursor that is no longer indexed was older than all that are.
      const rank = cursor === undefined ? -1 : await valkey.zrevrank(index, cursor);
      if (rank === null) return { jobs: [], nextCursor: null };
      const last = state ? -1 : rank + 1 + limit;
      const members = await valkey.zrevrange(index, rank + 1, last);
      const matching = state ? await filterByState(owner, members, state) : members;
      const page = matching.slice(0, limit);
      const nextCursor = matching.length > limit ? (page.at(-1) ?? null) : null;
      return { jobs: page.map(parseIndexMember), nextCursor };
    },
  };
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsIndexAdd(...args: (string | number)[]): Result<unknown, Context>;
  }
}
