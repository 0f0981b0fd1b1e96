import { type Context, readTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { isReachableStaff } from '@insightdesk/shared/domain/identity/users';
import { readFlag } from '@insightdesk/shared/domain/tenancy/flags';
import { type JobRequest, type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { mapConcurrent } from '@insightdesk/shared/promises';
import type { z } from 'zod';
import { emailMessage, type notifyOfMessage, type notifyOfMessages } from './jobs.ts';
import { listOfflineStaffIds } from './list-offline-staff-ids.ts';

type Notice = z.output<typeof notifyOfMessage.payload>;

const AT_ONCE = 8;

/**
 * Asks for an e-mail to everyone who should hear of a message, or of one of several, and is not there
 * to see it at this moment. Those of several have the ids that they would have from a job of each
 * message: however messages come together, none is told twice.
 */
export async function notifyRecipients(
  ctx: Context,
  asked: Notice | z.output<typeof notifyOfMessages.payload>,
  run: JobRun,
): Promise<void> {
  const { id, tenantId, requestId } = run;
  const notices = 'notices' in asked ? asked.notices : [{ id, requestId, notice: asked }];
  let connected: ReturnType<Context['realtime']['presence']['connectedUsers']> | undefined;
  const presence = {
    connectedUsers: () => (connected ??= ctx.realtime.presence.connectedUsers(tenantId)),
  };
  const letters = await mapConcurrent(notices, AT_ONCE, ({ notice, ...cause }) =>
    lettersFor({ ...ctx, realtime: { ...ctx.realtime, presence } }, notice, { ...cause, tenantId }),
  );
  await run.enqueue(letters.flat());
}

async function lettersFor(
  ctx: Context,
  notice: Notice,
  cause: Pick<JobRun, 'id' | 'tenantId' | 'requestId'>,
): Promise<JobRequest[]> {
  const { messageId, authorId, customerId } = notice;
  const flag = authorId === customerId ? 'email-staff' : 'email-customers';
  if (!(await readFlag({ ...ctx, tenantId: cause.tenantId }, flag))) return [];
  const assigneeId = await findAssignee(ctx, notice);
  // A customer gets every answer by e-mail; staff only while it is not connected.
  const recipients =
    authorId === customerId
      ? await listOfflineStaffIds(ctx, cause.tenantId, authorId, assigneeId)
      : [customerId];
  const alone = authorId === customerId && assigneeId !== null;
  return recipients.map((recipientId) =>
    jobFor(cause, emailMessage, { messageId, recipientId, alone }, { suffix: recipientId }),
  );
}

/** The assignee, while that is somebody who may be told. */
async function findAssignee(ctx: Context, { assigneeId }: Notice): Promise<Id<'usr'> | null> {
  if (!assigneeId) return null;
  const isThere = await readTenant(ctx, (tenant) => isReachableStaff(tenant, assigneeId));
  return isThere ? assigneeId : null;
}
