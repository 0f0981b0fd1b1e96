import type { Context } from '@insightdesk/shared/context';
import { deleteInBatches } from '@insightdesk/shared/domain/tenancy/retention';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';

/** Deletes expired identity tokens and codes, and visitors who wrote nothing for seven days. */
export async function deleteExpired(ctx: Context, run: Pick<JobRun, 'signal'>) {
  return {
    tokens: await deleteInBatches(
      ctx,
      run,
      (limit) => sql`delete from used_identity_tokens where (tenant_id, key_id, hash) in (
        select tenant_id, key_id, hash from used_identity_tokens
        where expires_at < now() limit ${limit})`,
    ),
    codes: await deleteInBatches(
      ctx,
      run,
      (limit) => sql`delete from sign_in_codes where (tenant_id, id) in (
        select tenant_id, id from sign_in_codes
        where expires_at < now() - interval '1 day' limit ${limit})`,
    ),
    visitors: await deleteInBatches(
      ctx,
      run,
      (limit) => sql`select app.delete_visitors(${limit}::int)`,
    ),
  };
}
