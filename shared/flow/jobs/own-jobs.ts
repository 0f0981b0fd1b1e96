import type { ClientContext, Redis, Result } from 'iovalkey';
import type { JobOwner } from './define-job.ts';
import { bullId, type JobKey, memberOf, type OwnJob, parseMember } from './ids.ts';
import type { JobStateName } from './job-status.ts';

/** Which jobs are whose, as far as they are remembered. */
export interface OwnJobs {
  /** Remembers jobs, newest last, in one round trip. */
  remember(jobs: readonly (JobKey & OwnJob)[]): Promise<void>;
  /**
   * The newest of an owner after `cursor`, in `state` where one is given. Costs the same however
   * few are in that state: each queue is asked once about all that are remembered of it.
   */
  page(owner: JobOwner, page: PageOfJobs): Promise<{ jobs: OwnJob[]; nextCursor: string | null }>;
}

export interface PageOfJobs {
  limit: number;
  cursor?: string;
  state?: JobStateName;
}

const REMEMBERED = 1_000;
const TTL_SECONDS = 14 * 86_400;

/** Where BullMQ keeps what is in a state: in sorted sets, and in lists that are short. */
const places: Record<JobStateName, { sets: readonly string[]; lists: readonly string[] }> = {
  waiting: { sets: ['prioritized'], lists: ['wait', 'paused'] },
  active: { sets: [], lists: ['active'] },
  completed: { sets: ['completed'], lists: [] },
  failed: { sets: ['failed'], lists: [] },
  delayed: { sets: ['delayed'], lists: [] },
  blocked: { sets: ['waiting-children'], lists: [] },
};

/** Only jobs whose worker was lost wait in a list. */
const LIST_SAMPLE = 1_000;

/**
 * A script, because a pipeline is built anew with all the scripts that BullMQ gave its connection.
 *
 * KEYS indexes; ARGV now, how many are remembered, ttl-seconds, then of each index how many jobs come
 * and their members.
 */
const rememberScript = `
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

/** Builds the memory of the queues with this prefix. */
export function createOwnJobs(valkey: Redis, prefix: string): OwnJobs {
  valkey.defineCommand('jobsRemember', { lua: rememberScript });
  const indexOf = (owner: JobOwner) => `${prefix}:of:{${owner}}`;

  async function inState(owner: JobOwner, members: string[], state: JobStateName) {
    const { sets, lists } = places[state];
    const asked = [...Map.groupBy(members, (member) => parseMember(member).queue)];
    const looks = valkey.pipeline();
    for (const [queue, own] of asked) {
      const ids = own.map((member) => bullId({ tenantId: owner, id: parseMember(member).id }));
      for (const set of sets) looks.zmscore(`${prefix}:${queue}:${set}`, ...ids);
      for (const list of lists) looks.lrange(`${prefix}:${queue}:${list}`, 0, LIST_SAMPLE - 1);
    }
    const replies = ((await looks.exec()) ?? []).map(([, reply]) => reply as (string | null)[]);
    const found = asked.flatMap(([, own]) => {
      const scores = replies.splice(0, sets.length);
      const listed = new Set(replies.splice(0, lists.length).flat());
      return own.filter((member, n) => {
        const id = bullId({ tenantId: owner, id: parseMember(member).id });
        return listed.has(id) || scores.some((column) => column[n] != null);
      });
    });
    const isFound = new Set(found);
    return members.filter((member) => isFound.has(member));
  }

  return {
    async remember(jobs) {
      if (jobs.length === 0) return;
      const byOwner = [...Map.groupBy(jobs, ({ tenantId }) => tenantId)];
      const keys = byOwner.map(([owner]) => indexOf(owner));
      const members = byOwner.flatMap(([, own]) => {
        const newest = own.slice(-REMEMBERED);
        return [newest.length, ...newest.map(memberOf)];
      });
      const head = [Date.now(), REMEMBERED, TTL_SECONDS];
      await valkey.jobsRemember(keys.length, ...keys, ...head, ...members);
    },

    async page(owner, { limit, cursor, state }) {
      const index = indexOf(owner);
      // What has been forgotten was older than all that is remembered.
      const rank = cursor === undefined ? -1 : await valkey.zrevrank(index, cursor);
      if (rank === null) return { jobs: [], nextCursor: null };
      const last = state ? -1 : rank + 1 + limit;
      const members = await valkey.zrevrange(index, rank + 1, last);
      const matching = state ? await inState(owner, members, state) : members;
      const wanted = matching.slice(0, limit);
      const nextCursor = matching.length > limit ? (wanted.at(-1) ?? null) : null;
      return { jobs: wanted.map(parseMember), nextCursor };
    },
  };
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsRemember(...args: (string | number)[]): Result<unknown, Context>;
  }
}
