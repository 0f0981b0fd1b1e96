import { type Context, withTenant } from '@insightdesk/shared/context';
import { fromUuid, toUuid } from '@insightdesk/shared/contract';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import type { z } from 'zod';
import { addPending, jobsForDue } from './add-pending.ts';
import type { emailMessage } from './jobs.ts';

/** Adds the message of a job that an earlier release enqueued to the pending email of its recipient. */
export async function sendMessageEmail(
  ctx: Context,
  { messageId, recipientId: userId }: z.output<typeof emailMessage.payload>,
  run: Pick<JobRun, 'tenantId' | 'requestId' | 'enqueue'>,
): Promise<void> {
  const due = await withTenant(ctx, async (tenant) => {
    const rows = await tenant.tx.execute<{ conversation_id: string; sequence: number }>(sql`
      select conversation_id, sequence from messages m where tenant_id = ${toUuid(tenant.tenantId)}::uuid
        and id = ${toUuid(messageId)}::uuid and kind = 'reply' and not exists (
          select from email_deliveries d where d.tenant_id = m.tenant_id
            and d.key = ${`${messageId}.${userId}`} and d.sent_at is not null)`);
    const entries = rows.map(({ conversation_id, sequence }) => ({
      ...{ userId, conversationId: fromUuid('cnv', conversation_id) },
      ...{ first: sequence, last: sequence, dueAt: new Date() },
    }));
    return addPending(tenant, entries);
  });
  await run.enqueue(jobsForDue(run, due));
}
