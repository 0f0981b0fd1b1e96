import type { Context } from '@insightdesk/shared/context';
import { deleteInBatches } from '@insightdesk/shared/domain/tenancy/retention';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';

/**
 * Deletes sessions, invitations and links that ended `days` ago, counts as old as that, and passwords
 * that were staged a day ago.
 */
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
  const links = await deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from email_links where id in (
      select id from email_links where expires_at < ${before} limit ${limit})`,
  );
  const counts = await deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from daily_counts where (key, day) in (
      select key, day from daily_counts where day < (${before})::date limit ${limit})`,
  );
  const attempts = await deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from identity.sign_in_attempts where (account, ip_prefix) in (
      select account, ip_prefix from identity.sign_in_attempts where last_at < ${before} limit ${limit})`,
  );
  const staged = await deleteInBatches(
    ctx,
    run,
    (limit) => sql`delete from identity.staged_passwords where user_id in (
      select user_id from identity.staged_passwords
      where staged_at < now() - interval '1 day' limit ${limit})`,
  );
  return { sessions, invitations, links, counts, attempts, staged };
}
