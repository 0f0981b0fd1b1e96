import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import type { JobRequest } from './define-job.ts';

/** A job for which there was no room. */
export interface HeldJob {
  request: JobRequest;
  dueAt: Date;
}

/** Jobs that wait in the database for room in Valkey, and for a while those that had waited. */
export interface HeldJobs {
  /** Keeps jobs; those that are kept already, or were lately, are not kept anew. */
  hold(requests: readonly JobRequest[]): Promise<void>;
  /** How many wait, of all organisations. */
  count(): Promise<number>;
  /** Who has some. */
  owners(): Promise<Id<'org'>[]>;
  /** Those that are due first. */
  oldest(owner: Id<'org'>, limit: number): Promise<HeldJob[]>;
  /** They are in Valkey now. */
  release(owner: Id<'org'>, requests: readonly JobRequest[]): Promise<void>;
  /** Valkey lost what it was given since: it waits again. */
  holdAgain(since: Date): Promise<void>;
  /** Forgets what was released long enough ago; a bounded number. */
  purge(): Promise<void>;
}

const MOST_OWNERS = 1_000;
const MOST_COUNTED = 1_000_000;
/** Nothing is lost that late. */
const KEPT_SECONDS = 600;
const PURGED_AT_ONCE = 5_000;

/** Opens the table as the relay's role; its rows are of all organisations. */
export function createHeldJobs(database: Pick<Database, 'write'>): HeldJobs {
  const run = <R extends Record<string, unknown>>(query: ReturnType<typeof sql>) =>
    database.write('system', (tx) => tx.execute<R>(query));

  return {
    async hold(requests) {
      await run(sql`insert into parked_jobs (tenant_id, queue, id, due_at, request)
        select j.tenant_id, j.queue, j.id, now() + j.delay * interval '1 ms', j.request
        from jsonb_to_recordset(${JSON.stringify(requests.map(toRow))}::jsonb)
          as j (at int, tenant_id uuid, queue text, id text, delay float8, request jsonb)
        where not exists (select from tenant_deletions e where e.organization_id = j.tenant_id)
        order by j.at
        on conflict do nothing`);
    },
    async count() {
      const [row] = await run<{ n: number }>(sql`select count(*)::int as n from (
        select from parked_jobs where released_at is null limit ${MOST_COUNTED}) waiting`);
      return row?.n ?? 0;
    },
    async owners() {
      // From one organisation to the next by the index, however many jobs each has.
      const rows = await run<{ id: string }>(sql`with recursive owner as (
          (select tenant_id as id from parked_jobs where released_at is null order by 1 limit 1)
          union all
          select (select tenant_id from parked_jobs
            where released_at is null and tenant_id > owner.id order by 1 limit 1)
          from owner where owner.id is not null)
        select id from owner where id is not null limit ${MOST_OWNERS}`);
      return rows.map(({ id }) => fromUuid('org', id));
    },
    async oldest(owner, limit) {
      const rows = await run<{ request: JobRequest; due: number }>(sql`
        select request, extract(epoch from due_at)::float8 as due from parked_jobs
        where tenant_id = ${toUuid(owner)} and released_at is null
        order by due_at, position limit ${limit}`);
      return rows.map(({ request, due }) => ({ request, dueAt: new Date(due * 1_000) }));
    },
    async release(owner, requests) {
      const keys = requests.map(({ job, id }) => ({ queue: job.queue, id }));
      await run(sql`update parked_jobs h set released_at = now()
        from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as j (queue text, id text)
        where h.tenant_id = ${toUuid(owner)} and h.queue = j.queue and h.id = j.id`);
    },
    async holdAgain(since) {
      await run(sql`update parked_jobs set released_at = null
        where released_at >= ${since.toISOString()}::timestamptz`);
    },
    async purge() {
      await run(sql`delete from parked_jobs where (tenant_id, queue, id) in (
        select tenant_id, queue, id from parked_jobs
        where released_at < now() - ${KEPT_SECONDS} * interval '1 s'
        order by released_at limit ${PURGED_AT_ONCE})`);
    },
  };
}

function toRow(request: JobRequest, at: number) {
  const { tenantId, id, job, delayMs = 0 } = request;
  if (tenantId === 'system') throw new TypeError(`${job.name} is a job of the system`);
  return {
    at,
    tenant_id: toUuid(tenantId),
    queue: job.queue,
    id,
    delay: Math.max(0, delayMs),
    request: toStored(request),
  };
}

/** What BullMQ is told of a job, and nothing else. */
function toStored({ job, after, ...rest }: JobRequest): unknown {
  const { name, queue, attempts, backoffMs, priority } = job;
  const jobs = after?.jobs.map(toStored);
  return {
    ...rest,
    job: { name, queue, attempts, backoffMs, priority },
    ...(after && { after: { jobs, onFailure: after.onFailure } }),
  };
}
