import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import { deleteInBatches } from './delete-in-batches.ts';

/** Deletes usage counters older than `days`. */
export const deleteOldUsage = (ctx: Context, { days }: { days: number }, run: JobRun) =>
  deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from usage_counters where (tenant_id, day, metric) in (
      select tenant_id, day, metric from usage_counters
      where day < current_date - ${days}::int order by day limit ${limit})`,
  );
