import type { Context } from '@insightdesk/shared/context';
import { deleteInBatches } from '@insightdesk/shared/domain/maintenance';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';

/** Deletes sessions and invitations that ended, and counts of sign-ins that ceased, `days` ago. */
export async function deleteExpired(ctx: Context, { days }: { days: number }, run: JobRun) {
  const before = sql`now() - make_interval(days => ${days})`;
  const sessions = await deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from sessions where (tenant_id, id) in (select tenant_id, id from sessions
      where least(revoked_at, expires_at) < ${before} limit ${limit})`,
  );
  const invitations = await deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from invitations where (tenant_id, id) in (
      select tenant_id, id from invitations where expires_at < ${before} limit ${limit})`,
  );
  const attempts = await deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from identity.sign_in_attempts where (account, address) in (
      select account, address from identity.sign_in_attempts where last_at < ${before} limit ${limit})`,
  );
  return { sessions, invitations, attempts };
}
