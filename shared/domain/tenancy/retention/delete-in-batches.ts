import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import type { SQL } from 'drizzle-orm';

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
