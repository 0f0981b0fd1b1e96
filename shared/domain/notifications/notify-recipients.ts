import { type Context, readTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { readFlag } from '@insightdesk/shared/domain/flags';
import { isReachableStaff } from '@insightdesk/shared/domain/users';
import { type JobRequest, type JobRun, jobFor } from '@insightdesk/shared/jobs';
import type { z } from 'zod';
import { awayStaff } from './away-staff.ts';
import { emailMessage, type notifyOfMessage } from './jobs.ts';

type Notice = z.output<typeof notifyOfMessage.payload>;

/** Asks for an e-mail to everyone who should hear of a message and is not there to see it. */
export async function notifyRecipients(ctx: Context, notice: Notice, run: JobRun): Promise<void> {
  const { messageId, authorId, customerId } = notice;
  const flag = authorId === customerId ? 'email-staff' : 'email-customers';
  if (!(await readFlag({ ...ctx, tenantId: run.tenantId }, flag))) return;
  const assigneeId = await findAssignee(ctx, notice);
  // A customer gets every answer by e-mail; staff only while it is not connected.
  const recipients =
    authorId === customerId
      ? await awayStaff(ctx, run.tenantId, authorId, assigneeId)
      : [customerId];
  const alone = authorId === customerId && assigneeId !== null;
  const requests: JobRequest[] = recipients.map((recipientId) =>
    jobFor(run, emailMessage, { messageId, recipientId, alone }, { suffix: recipientId }),
  );
  await run.enqueue(requests);
}

/** The assignee, while that is somebody who may be told. */
async function findAssignee(ctx: Context, { assigneeId }: Notice): Promise<Id<'usr'> | null> {
  if (!assigneeId) return null;
  const isThere = await readTenant(ctx, (tenant) => isReachableStaff(tenant, assigneeId));
  return isThere ? assigneeId : null;
}
