import type { Context } from '@insightdesk/shared/context';
import { deleteInBatches } from '@insightdesk/shared/domain/tenancy/retention';
import type { JobRun } from '@insightdesk/shared/jobs';
import { type SQL, sql } from 'drizzle-orm';

/**
 * Deletes sessions, invitations and links that ended `days` ago, counts as old as that, and passwords
 * and addresses that were staged a day ago.
 */
export async function deleteExpired(ctx: Context, { days }: { days: number }, run: JobRun) {
  const before = sql`now() - make_interval(days => ${days})`;
  const deleteAll = (batch: (limit: number) => SQL) => deleteInBatches(ctx, run, batch);
  return {
    sessions: await deleteAll(
      (
        limit,
      ) => sql`delete from sessions where (tenant_id, id) in (select tenant_id, id from sessions
        where least(revoked_at, expires_at) < ${before} limit ${limit})`,
    ),
    invitations: await deleteAll(
      (limit) => sql`delete from invitations where (tenant_id, id) in (
        select tenant_id, id from invitations where expires_at < ${before} limit ${limit})`,
    ),
    links: await deleteAll(
      (limit) => sql`delete from email_links where id in (
        select id from email_links where expires_at < ${before} limit ${limit})`,
    ),
    counts: await deleteAll(
      (limit) => sql`delete from daily_counts where (key, day) in (
        select key, day from daily_counts where day < (${before})::date limit ${limit})`,
    ),
    attempts: await deleteAll(
      (limit) => sql`delete from identity.sign_in_attempts where (account, ip_prefix) in (
        select account, ip_prefix from identity.sign_in_attempts where last_at < ${before} limit ${limit})`,
    ),
    staged: await deleteAll(
      (limit) => sql`delete from identity.staged_passwords where user_id in (
        select user_id from identity.staged_passwords
        where staged_at < now() - interval '1 day' limit ${limit})`,
    ),
    stagedEmails: await deleteAll(
      (limit) => sql`delete from identity.staged_emails where user_id in (
        select user_id from identity.staged_emails
        where staged_at < now() - interval '1 day' limit ${limit})`,
    ),
  };
}
