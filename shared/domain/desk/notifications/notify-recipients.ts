import {
  type Context,
  readTenant,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { contacts } from '@insightdesk/shared/domain/desk/contacts';
import { messages } from '@insightdesk/shared/domain/desk/conversations';
import {
  listPreferences,
  type NotificationKind,
} from '@insightdesk/shared/domain/identity/preferences';
import { isActiveStaff, listStaffIds } from '@insightdesk/shared/domain/identity/users';
import { getFlag } from '@insightdesk/shared/domain/tenancy/flags';
import type { JobRun } from '@insightdesk/shared/jobs';
import { mapConcurrent } from '@insightdesk/shared/promises';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { addPending, jobsForDue, type PendingEntry } from './add-pending.ts';
import { dueAt } from './due-at.ts';
import type { notifyOfMessage, notifyOfMessages } from './jobs.ts';

type Notice = z.output<typeof notifyOfMessage.payload>;

/** A message and a user who is to be emailed about it. */
interface Recipient {
  messageId: Id<'msg'>;
  conversationId: Id<'cnv'>;
  userId: Id<'usr'>;
  kind: NotificationKind;
}

const CONCURRENCY = 8;

/**
 * Adds one message or a batch of messages to the pending emails of those who are absent: of its
 * customer, or of the staff that is offline.
 */
export async function notifyRecipients(
  ctx: Context,
  payload: Notice | z.output<typeof notifyOfMessages.payload>,
  run: Pick<JobRun, 'tenantId' | 'requestId' | 'enqueue'>,
): Promise<void> {
  const { tenantId } = run;
  const notices = 'notices' in payload ? payload.notices.map(({ notice }) => notice) : [payload];
  let connected: ReturnType<Context['realtime']['presence']['connectedUsers']> | undefined;
  const presence = {
    connectedUsers: () => (connected ??= ctx.realtime.presence.connectedUsers(tenantId)),
  };
  const batchCtx = { ...ctx, realtime: { ...ctx.realtime, presence } };
  const recipients = await mapConcurrent(notices, CONCURRENCY, (notice) =>
    recipientsOf(batchCtx, notice, tenantId),
  );
  await addRecipients(ctx, recipients.flat(), run);
}

/** Adds messages to the pending emails of users and enqueues the jobs that send these. */
async function addRecipients(
  ctx: Context,
  recipients: readonly Recipient[],
  run: Pick<JobRun, 'tenantId' | 'requestId' | 'enqueue'>,
): Promise<void> {
  if (recipients.length === 0) return;
  const due = await withTenant(ctx, async (tenant) =>
    addPending(tenant, await toEntries(tenant, recipients)),
  );
  await run.enqueue(jobsForDue(run, due));
}

async function recipientsOf(ctx: Context, notice: Notice, tenantId: Id<'org'>) {
  const { messageId, conversationId, authorId, customerId } = notice;
  const isFromCustomer = authorId === customerId;
  const flag = isFromCustomer ? 'email-staff' : 'email-customers';
  if (!(await getFlag({ ...ctx, tenantId }, flag))) return [];
  const message = { messageId, conversationId };
  if (!isFromCustomer) return [{ ...message, userId: customerId, kind: 'messages' as const }];
  const assigneeId = await findAssignee(ctx, notice);
  const kind = assigneeId ? ('assigned' as const) : ('unassigned' as const);
  const staff = await listOfflineStaffIds(ctx, tenantId, authorId, assigneeId);
  return staff.map((userId) => ({ ...message, userId, kind }));
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

/** The entries of these recipients, one per user and conversation, with the times of their preferences. */
async function toEntries(tenant: TenantContext, recipients: readonly Recipient[]) {
  const userIds = [...new Set(recipients.map(({ userId }) => userId))];
  const [preferencesOf, timeZones, sequences] = await Promise.all([
    listPreferences(tenant, userIds),
    readTimeZones(tenant, userIds),
    readSequences(tenant, recipients),
  ]);
  const entries = new Map<string, PendingEntry>();
  const now = new Date();
  for (const { userId, conversationId, messageId, kind } of recipients) {
    const timeZone = timeZones.get(userId) ?? null;
    const at = dueAt(preferencesOf(userId), { kind, timeZone, now });
    const sequence = sequences.get(messageId);
    if (!at || sequence === undefined) continue;
    const key = `${userId} ${conversationId}`;
    const { first = sequence, last = sequence, dueAt: due = at } = entries.get(key) ?? {};
    entries.set(key, {
      ...{ userId, conversationId, dueAt: new Date(Math.min(due.getTime(), at.getTime())) },
      ...{ first: Math.min(first, sequence), last: Math.max(last, sequence) },
    });
  }
  return [...entries.values()];
}

/** The sequence numbers of messages that still exist. */
async function readSequences({ tx, tenantId }: TenantContext, recipients: readonly Recipient[]) {
  const uuids = [...new Set(recipients.map(({ messageId }) => toUuid(messageId)))];
  const rows = await tx
    .select({ id: messages.id, sequence: messages.sequence })
    .from(messages)
    .where(
      and(
        eq(messages.tenantId, tenantId),
        sql`${messages.id} = any(${sql.param(uuids)}::uuid[])`,
        eq(messages.kind, 'reply'),
        isNull(messages.deletedAt),
      ),
    )
    .execute();
  return new Map(rows.map(({ id, sequence }) => [id, sequence]));
}

/** What the organization knows of the time zones of customers. */
async function readTimeZones({ tx, tenantId }: TenantContext, userIds: readonly Id<'usr'>[]) {
  const uuids = userIds.map(toUuid);
  const rows = await tx
    .select({ id: contacts.userId, timeZone: contacts.timeZone })
    .from(contacts)
    .where(
      and(
        eq(contacts.tenantId, tenantId),
        sql`${contacts.userId} = any(${sql.param(uuids)}::uuid[])`,
      ),
    )
    .execute();
  return new Map(rows.map(({ id, timeZone }) => [id, timeZone]));
}
