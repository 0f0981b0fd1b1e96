import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';

const BATCH = 1_000;
const MAX_BATCHES = 500;

/** Runs `deleteBatch` until it deletes less than a batch, one transaction each; returns the number of rows. */
export async function deleteInBatches(
  ctx: Context,
  run: Pick<JobRun, 'signal'>,
  deleteBatch: (limit: number) => SQL,
): Promise<number> {
  let deleted = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    run.signal.throwIfAborted();
    const { count } = await ctx.database.write('system', (tx) => tx.execute(deleteBatch(BATCH)));
    deleted += count;
    if (count < BATCH) break;
  }
  return deleted;
}

/** Payload of a job that deletes rows older than this. */
export const retentionPayload = z.object({ days: z.int().min(1) });

const deletesOld =
  (deleteBatch: (days: number, limit: number) => SQL) =>
  (ctx: Context, { days }: z.output<typeof retentionPayload>, run: JobRun) =>
    deleteInBatches(ctx, run, (limit) => deleteBatch(days, limit));

/** Events that were relayed; dead-lettered ones stay. Oldest first: a batch reads no more rows than it deletes. */
export const deleteOldEvents = deletesOld(
  (days, limit) => sql`delete from outbox where position in (
    select position from (
      select position, relayed_at from outbox
      where relayed_at is not null and failure is null order by position limit ${limit}
    ) oldest where relayed_at < now() - make_interval(days => ${days}))`,
);

export const deleteOldIdempotencyKeys = deletesOld(
  (days, limit) => sql`delete from idempotency_keys where (tenant_id, id) in (
    select tenant_id, id from idempotency_keys
    where created_at < now() - make_interval(days => ${days}) order by created_at limit ${limit})`,
);

export const deleteOldJobSteps = deletesOld(
  (days, limit) => sql`delete from job_steps where (tenant_id, job_id, step) in (
    select tenant_id, job_id, step from job_steps
    where created_at < now() - make_interval(days => ${days}) order by created_at limit ${limit})`,
);

export const deleteOldUsage = deletesOld(
  (days, limit) => sql`delete from usage_counters where (tenant_id, day, metric) in (
    select tenant_id, day, metric from usage_counters
    where day < current_date - ${days}::int order by day limit ${limit})`,
);
