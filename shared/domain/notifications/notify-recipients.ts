import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { listStaffIds } from '@insightdesk/shared/domain/users';
import { type JobRequest, type JobRun, jobFor } from '@insightdesk/shared/jobs';
import type { z } from 'zod';
import { emailMessage, type notifyOfMessage } from './jobs.ts';

type Notice = z.output<typeof notifyOfMessage.payload>;

/** Asks for an e-mail to everyone who should hear of a message and is not there to see it. */
export async function notifyRecipients(ctx: Context, notice: Notice, run: JobRun): Promise<void> {
  const recipients = await recipientsOf(ctx, run.tenantId, notice);
  const { messageId } = notice;
  const requests: JobRequest[] = recipients.map((recipientId) =>
    jobFor(run, emailMessage, { messageId, recipientId }, { suffix: recipientId }),
  );
  await run.enqueue(requests);
}

/** A customer always gets the answer by e-mail; staff only while it is not connected. */
async function recipientsOf(
  ctx: Context,
  tenantId: Id<'org'>,
  notice: Notice,
): Promise<Id<'usr'>[]> {
  const { authorId, customerId, assigneeId } = notice;
  if (authorId !== customerId) return [customerId];
  const staff = assigneeId ? [assigneeId] : await listStaffIds(ctx, tenantId);
  const connected = await ctx.presence.connectedUsers(tenantId);
  return staff.filter((id) => id !== authorId && !connected.has(id));
}
