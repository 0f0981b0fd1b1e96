import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import type { SQL } from 'drizzle-orm';

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
