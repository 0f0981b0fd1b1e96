import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import type { JobRequest } from '../definition/define-job.ts';

/** A job over the quota of its organization. */
export interface ParkedJob {
  request: JobRequest;
  dueAt: Date;
}

/** Jobs that wait in the database for quota in Valkey; released ones stay for a few minutes. */
export interface ParkedJobs {
  /** Parks jobs; those that are parked, or were lately, are ignored. */
  park(requests: readonly JobRequest[]): Promise<void>;
  /** The number of parked jobs of all organizations. */
  count(): Promise<number>;
  /** Organizations with parked jobs. */
  listTenants(): Promise<Id<'org'>[]>;
  /** The parked jobs that are due first. */
  listOldest(owner: Id<'org'>, limit: number): Promise<ParkedJob[]>;
  /** Marks jobs that are in Valkey now. */
  markReleased(owner: Id<'org'>, requests: readonly JobRequest[]): Promise<void>;
  /** Parks jobs again that were released since, after Valkey lost data. */
  parkAgain(since: Date): Promise<void>;
  /** Deletes a batch of jobs that were released long enough ago. */
  deleteReleased(): Promise<void>;
}

const MAX_TENANTS = 1_000;
const MAX_COUNT = 1_000_000;
/** Later Valkey loses nothing any more. */
const RELEASED_TTL_SECONDS = 600;
const DELETE_BATCH_SIZE = 5_000;

/** Opens the table with the relay's role, which reads the rows of all organizations. */
export function createParkedJobs(database: Pick<Database, 'write'>): ParkedJobs {
  const run = <R extends Record<string, unknown>>(query: ReturnType<typeof sql>) =>
    database.write('system', (tx) => tx.execute<R>(query));

  return {
    async park(requests) {
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
        select from parked_jobs where released_at is null limit ${MAX_COUNT}) waiting`);
      return row?.n ?? 0;
    },
    async listTenants() {
      // Skips from one organization to the next by the index, however many jobs each has.
      const rows = await run<{ id: string }>(sql`with recursive owner as (
          (select tenant_id as id from parked_jobs where released_at is null order by 1 limit 1)
          union all
          select (select tenant_id from parked_jobs
            where released_at is null and tenant_id > owner.id order by 1 limit 1)
          from owner where owner.id is not null)
        select id from owner where id is not null limit ${MAX_TENANTS}`);
      return rows.map(({ id }) => fromUuid('org', id));
    },
    async listOldest(owner, limit) {
      const rows = await run<{ request: JobRequest; due: number }>(sql`
        select request, extract(epoch from due_at)::float8 as due from parked_jobs
        where tenant_id = ${toUuid(owner)} and released_at is null
        order by due_at, position limit ${limit}`);
      return rows.map(({ request, due }) => ({ request, dueAt: new Date(due * 1_000) }));
    },
    async markReleased(owner, requests) {
      const keys = requests.map(({ job, id }) => ({ queue: job.queue, id }));
      await run(sql`update parked_jobs h set released_at = now()
        from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as j (queue text, id text)
        where h.tenant_id = ${toUuid(owner)} and h.queue = j.queue and h.id = j.id`);
    },
    async parkAgain(since) {
      await run(sql`update parked_jobs set released_at = null
        where released_at >= ${since.toISOString()}::timestamptz`);
    },
    async deleteReleased() {
      await run(sql`delete from parked_jobs where (tenant_id, queue, id) in (
        select tenant_id, queue, id from parked_jobs
        where released_at < now() - ${RELEASED_TTL_SECONDS} * interval '1 s'
        order by released_at limit ${DELETE_BATCH_SIZE})`);
    },
  };
}

function toRow(request: JobRequest, at: number) {
  const { tenantId, id, job, delayMs = 0 } = request;
  if (tenantId === 'system') throw new TypeError(`${job.name} is a system job`);
  return {
    at,
    tenant_id: toUuid(tenantId),
    queue: job.queue,
    id,
    delay: Math.max(0, delayMs),
    request: toStored(request),
  };
}

/** The fields that are needed to enqueue the job. */
function toStored({ job, dependsOn, ...rest }: JobRequest): unknown {
  const { name, queue, attempts, backoffMs, priority } = job;
  const jobs = dependsOn?.jobs.map(toStored);
  return {
    ...rest,
    job: { name, queue, attempts, backoffMs, priority },
    ...(dependsOn && { dependsOn: { jobs, onFailure: dependsOn.onFailure } }),
  };
}
