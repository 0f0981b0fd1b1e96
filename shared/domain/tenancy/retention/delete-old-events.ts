import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import { deleteInBatches } from './delete-in-batches.ts';

/** Deletes events that were relayed more than `days` ago; dead-lettered events stay. */
export const deleteOldEvents = (ctx: Context, { days }: { days: number }, run: JobRun) =>
  // Oldest first: a batch reads no more rows than it deletes.
  deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from outbox where position in (
      select position from (
        select position, relayed_at from outbox
        where relayed_at is not null and failure is null order by position limit ${limit}
      ) oldest where relayed_at < now() - make_interval(days => ${days}))`,
  );
