import type { Context } from '@insightdesk/shared/context';
import { fromUuid } from '@insightdesk/shared/contract';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import { emailPending } from './jobs.ts';

const MAX_PER_RUN = 2_000;
/** An overdue email is enqueued again this often. */
const RETRY_MS = 10 * 60_000;

/** Enqueues jobs for emails that are overdue or recorded without being sent, because a job was lost or failed. */
export async function enqueueOverdue(
  ctx: Pick<Context, 'database'>,
  { requestId, enqueue }: Pick<JobRun, 'requestId' | 'enqueue'>,
): Promise<number> {
  const rows = await ctx.database.write('system', (tx) =>
    tx.execute<{ tenant_id: string; user_id: string }>(sql`
      select tenant_id, user_id from (
        (select tenant_id, user_id, due_at as at from pending_notifications
          where due_at < now() - interval '1 minute' order by due_at limit ${MAX_PER_RUN})
        union all
        (select tenant_id, user_id, created_at from email_deliveries
          where user_id is not null and sent_at is null and failed_at is null
            and created_at between now() - interval '1 day' and now() - interval '5 minutes'
          order by created_at limit ${MAX_PER_RUN})
      ) overdue group by tenant_id, user_id order by min(at)`),
  );
  const turn = Math.floor(Date.now() / RETRY_MS);
  const requests = rows.map((row) => {
    const [tenantId, userId] = [fromUuid('org', row.tenant_id), fromUuid('usr', row.user_id)];
    const cause = { id: `${userId}.overdue-${turn}`, tenantId, requestId };
    return jobFor(cause, emailPending, { userId });
  });
  if (requests.length > 0) await enqueue(requests);
  return requests.length;
}
