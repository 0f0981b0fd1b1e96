import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import { deleteInBatches } from './delete-in-batches.ts';

/** Deletes stored responses of idempotent requests older than `days`. */
export const deleteOldIdempotencyKeys = (ctx: Context, { days }: { days: number }, run: JobRun) =>
  deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from idempotency_keys where (tenant_id, id) in (
      select tenant_id, id from idempotency_keys
      where created_at < now() - make_interval(days => ${days}) order by created_at limit ${limit})`,
  );
