import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import { deleteInBatches } from './delete-in-batches.ts';

/** Deletes stored steps of jobs that are older than `days`. */
export const deleteOldJobSteps = (ctx: Context, { days }: { days: number }, run: JobRun) =>
  deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from job_steps where (tenant_id, job_id, step) in (
      select tenant_id, job_id, step from job_steps
      where created_at < now() - make_interval(days => ${days}) order by created_at limit ${limit})`,
  );
