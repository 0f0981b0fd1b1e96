import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import { deleteInBatches } from './delete-in-batches.ts';

/** Answers that were kept for `days`, after which nobody asks for them again. */
export const deleteOldAnswers = (ctx: Context, { days }: { days: number }, run: JobRun) =>
  deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from kept_answers where (tenant_id, id) in (
      select tenant_id, id from kept_answers
      where created_at < now() - make_interval(days => ${days}) order by created_at limit ${limit})`,
  );
