import { type Context, readTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { isActiveStaff, listStaffIds } from '@insightdesk/shared/domain/identity/users';
import { getFlag } from '@insightdesk/shared/domain/tenancy/flags';
import { type JobRequest, type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { mapConcurrent } from '@insightdesk/shared/promises';
import type { z } from 'zod';
import { emailMessage, type notifyOfMessage, type notifyOfMessages } from './jobs.ts';

type Notice = z.output<typeof notifyOfMessage.payload>;

const CONCURRENCY = 8;

/**
 * Enqueues the emails for one message or a batch of messages: to its customer, or to the staff that
 * is offline. The jobs of a batch have the ids that single messages would give them, so that no
 * recipient is notified twice.
 */
export async function notifyRecipients(
  ctx: Context,
  payload: Notice | z.output<typeof notifyOfMessages.payload>,
  run: JobRun,
): Promise<void> {
  const { id, tenantId, requestId } = run;
  const notices = 'notices' in payload ? payload.notices : [{ id, requestId, notice: payload }];
  let connected: ReturnType<Context['realtime']['presence']['connectedUsers']> | undefined;
  const presence = {
    connectedUsers: () => (connected ??= ctx.realtime.presence.connectedUsers(tenantId)),
  };
  const batchCtx = { ...ctx, realtime: { ...ctx.realtime, presence } };
  const jobs = await mapConcurrent(notices, CONCURRENCY, ({ notice, ...cause }) =>
    emailJobsFor(batchCtx, notice, { ...cause, tenantId }),
  );
  await run.enqueue(jobs.flat());
}

async function emailJobsFor(
  ctx: Context,
  notice: Notice,
  cause: Pick<JobRun, 'id' | 'tenantId' | 'requestId'>,
): Promise<JobRequest[]> {
  const { messageId, authorId, customerId } = notice;
  const flag = authorId === customerId ? 'email-staff' : 'email-customers';
  if (!(await getFlag({ ...ctx, tenantId: cause.tenantId }, flag))) return [];
  const assigneeId = await findAssignee(ctx, notice);
  // A customer gets every reply by email; staff only while it is offline.
  const recipients =
    authorId === customerId
      ? await listOfflineStaffIds(ctx, cause.tenantId, authorId, assigneeId)
      : [customerId];
  const isOnlyRecipient = authorId === customerId && assigneeId !== null;
  return recipients.map((recipientId) =>
    jobFor(
      cause,
      emailMessage,
      { messageId, recipientId, isOnlyRecipient },
      { suffix: recipientId },
    ),
  );
}

/** The assignee, if it is still active staff. */
async function findAssignee(ctx: Context, { assigneeId }: Notice): Promise<Id<'usr'> | null> {
  if (!assigneeId) return null;
  const isActive = await readTenant(ctx, (tenant) => isActiveStaff(tenant, assigneeId));
  return isActive ? assigneeId : null;
}

/** The assignee, or else all staff, without the author and users that are connected. */
export async function listOfflineStaffIds(
  ctx: Context,
  tenantId: Id<'org'>,
  authorId: Id<'usr'>,
  assigneeId: Id<'usr'> | null,
): Promise<Id<'usr'>[]> {
  const staff = assigneeId ? [assigneeId] : await listStaffIds(ctx, tenantId);
  const connected = await ctx.realtime.presence.connectedUsers(tenantId);
  return staff.filter((id) => id !== authorId && !connected.has(id));
}
