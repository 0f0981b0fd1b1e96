import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { type SQL, sql } from 'drizzle-orm';

const BATCH = 1_000;
const MOST_BATCHES = 500;

/** Deletes all that `batchOf` says, a bounded batch per transaction; gives the number of rows. */
export async function deleteInBatches(
  ctx: Context,
  run: Pick<JobRun, 'signal'>,
  batchOf: (limit: number) => SQL,
): Promise<number> {
  let deleted = 0;
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    run.signal.throwIfAborted();
    const { count } = await ctx.database.write('system', (tx) => tx.execute(batchOf(BATCH)));
    deleted += count;
    if (count < BATCH) break;
  }
  return deleted;
}

/** Events that were told `days` ago; what was set aside with a failure is kept for a person. */
export const deleteOldEvents = (ctx: Context, { days }: { days: number }, run: JobRun) =>
  // The oldest first, so that a batch reads no more than it deletes.
  deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from outbox where position in (
      select position from (
        select position, relayed_at from outbox
        where relayed_at is not null and failure is null order by position limit ${limit}
      ) oldest where relayed_at < now() - make_interval(days => ${days}))`,
  );

/** Steps of jobs that ran `days` ago. */
export const deleteOldJobSteps = (ctx: Context, { days }: { days: number }, run: JobRun) =>
  deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from job_steps where (tenant_id, job_id, step) in (
      select tenant_id, job_id, step from job_steps
      where created_at < now() - make_interval(days => ${days}) order by created_at limit ${limit})`,
  );
