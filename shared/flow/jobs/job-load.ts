import type { Id } from '@insightdesk/shared/contract';
import type { ClientContext, Redis, Result } from 'iovalkey';
import { jobKey, memberOf, type OwnJob } from './ids.ts';
import { admitScript, endScript } from './load-scripts.ts';

/** How much an organisation may have in the queues; Infinity is no limit. */
export interface JobRoom {
  jobs: number;
  bytes: number;
}

/** A job with what it waits for; they come together or not at all. */
export interface JobUnit {
  /** It is not due for a while. */
  isFar: boolean;
  jobs: readonly (OwnJob & { bytes: number })[];
}

/** A job that came to its end. */
export interface EndedJob extends OwnJob {
  /** What a dead letter takes; unset when there is none. */
  letterBytes?: number;
  /** What is kept in place of what it was told. */
  shorter?: string;
}

/** What the organisations have in the queues of this prefix. */
export interface JobLoad {
  /** For each whether it may come in; who comes `fromHold` overtakes nobody. */
  admit(
    owner: Id<'org'>,
    room: JobRoom,
    units: readonly JobUnit[],
    options?: { fromHold?: boolean },
  ): Promise<boolean[]>;
  end(owner: Id<'org'>, room: JobRoom, ended: readonly EndedJob[]): Promise<void>;
  /** Whose jobs all wait elsewhere, behind those that do already. */
  holding(): Promise<Id<'org'>[]>;
  stopHolding(owner: Id<'org'>): Promise<void>;
}

/** Scripts compare it as a number. */
const ENDLESS = Number.MAX_SAFE_INTEGER;
const UNITS_AT_ONCE = 200;
const MOST_OWNERS = 5_000;

export const loadKey = (prefix: string, owner: string) => `${prefix}:load:${owner}`;
/** Names the organisations that have anything. */
export const loadsKey = (prefix: string) => `${prefix}:loads`;

/** What an organisation has there now: jobs that have not ended, and the bytes of all. */
export async function readJobLoad(
  valkey: Pick<Redis, 'hmget'>,
  owner: Id<'org'>,
  prefix = 'jobs',
): Promise<JobRoom> {
  const found = await valkey.hmget(loadKey(prefix, owner), '#', '$', '!');
  const [jobs = 0, bytes = 0, dead = 0] = found.map((text) => Math.max(0, Number(text ?? 0)));
  return { jobs, bytes: bytes + dead };
}

/** Opens the counts. */
export function createJobLoad(valkey: Redis, prefix: string): JobLoad {
  valkey.defineCommand('jobsAdmit', { numberOfKeys: 3, lua: admitScript });
  valkey.defineCommand('jobsEnd', { numberOfKeys: 3, lua: endScript });
  const loads = loadsKey(prefix);
  const held = `${prefix}:held`;
  const limits = ({ jobs, bytes }: JobRoom) => [Math.min(jobs, ENDLESS), Math.min(bytes, ENDLESS)];

  async function end(owner: Id<'org'>, room: JobRoom, ended: readonly EndedJob[]): Promise<void> {
    const own = [loadKey(prefix, owner), loads, `${prefix}:dead:${owner}`];
    const head = [owner, limits(room)[1] as number, Date.now(), prefix];
    for (let n = 0; n < ended.length; n += UNITS_AT_ONCE) {
      const args = ended.slice(n, n + UNITS_AT_ONCE).flatMap((one) => {
        const { queue, id, letterBytes = '', shorter = '' } = one;
        const key = jobKey(prefix, queue, { tenantId: owner, id });
        return [memberOf(one), key, letterBytes, shorter];
      });
      await valkey.jobsEnd(...own, ...head, ...args);
    }
  }

  return {
    async admit(owner, room, units, { fromHold = false } = {}) {
      const answers: boolean[] = [];
      for (let n = 0; n < units.length; n += UNITS_AT_ONCE) {
        const args = units
          .slice(n, n + UNITS_AT_ONCE)
          .flatMap(({ isFar, jobs }) => [
            isFar ? 'far' : 'near',
            jobs.length,
            ...jobs.flatMap((job) => [
              memberOf(job),
              job.bytes,
              jobKey(prefix, job.queue, { tenantId: owner, id: job.id }),
            ]),
          ]);
        const head = [owner, ...limits(room), fromHold ? 1 : 0];
        const fits = await valkey.jobsAdmit(loadKey(prefix, owner), loads, held, ...head, ...args);
        answers.push(...fits.map((one) => one === 1));
      }
      return answers;
    },
    end,
    holding: async () => (await valkey.zrange(held, 0, MOST_OWNERS - 1)) as Id<'org'>[],
    async stopHolding(owner) {
      await valkey.zrem(held, owner);
    },
  };
}

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    jobsAdmit(...args: (string | number)[]): Result<number[], Context>;
    jobsEnd(...args: (string | number)[]): Result<number, Context>;
  }
}
