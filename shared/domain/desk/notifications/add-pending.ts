import type { TenantContext } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { type JobRequest, type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import { emailPending } from './jobs.ts';

/** Messages of a conversation that a user will be emailed about. */
export interface PendingEntry {
  userId: Id<'usr'>;
  conversationId: Id<'cnv'>;
  first: number;
  last: number;
  dueAt: Date;
}

/** An email that will be due, as it is stored. */
type DueEmail = Pick<PendingEntry, 'userId' | 'dueAt'>;

/**
 * Adds messages to the pending email of each user and conversation; messages join one that exists, with
 * its time. Adding the same ones again changes nothing.
 */
export async function addPending(
  { tx, tenantId }: Pick<TenantContext, 'tx' | 'tenantId'>,
  entries: readonly PendingEntry[],
): Promise<DueEmail[]> {
  if (entries.length === 0) return [];
  const column = (of: (entry: PendingEntry) => string | number) => sql.param(entries.map(of));
  // In one order, so that concurrent jobs do not deadlock.
  const rows = await tx.execute<{ user_id: string; due_at: Date | string }>(sql`
    insert into pending_notifications
      (tenant_id, user_id, conversation_id, first_sequence, last_sequence, due_at)
    select ${toUuid(tenantId)}::uuid, entry.* from unnest(
      ${column(({ userId }) => toUuid(userId))}::uuid[],
      ${column(({ conversationId }) => toUuid(conversationId))}::uuid[],
      ${column(({ first }) => first)}::int4[],
      ${column(({ last }) => last)}::int4[],
      ${column(({ dueAt }) => dueAt.toISOString())}::timestamptz[]
    ) as entry(user_id, conversation_id, first, last, due_at)
    order by entry.user_id, entry.conversation_id
    on conflict (tenant_id, user_id, conversation_id) do update set
      first_sequence = least(pending_notifications.first_sequence, excluded.first_sequence),
      last_sequence = greatest(pending_notifications.last_sequence, excluded.last_sequence)
    returning user_id, due_at`);
  return rows.map((row) => ({
    userId: fromUuid('usr', row.user_id),
    dueAt: new Date(row.due_at),
  }));
}

/** One job per user and time; the same one is enqueued once. */
export function jobsForDue(
  { tenantId, requestId }: Pick<JobRun, 'tenantId' | 'requestId'>,
  due: readonly DueEmail[],
): JobRequest[] {
  const requests = due.map(({ userId, dueAt }) =>
    jobFor(
      { id: `${userId}.${dueAt.getTime()}`, tenantId, requestId },
      emailPending,
      { userId, dueAt: dueAt.toISOString() },
      { delayMs: Math.max(0, dueAt.getTime() - Date.now()) },
    ),
  );
  return [...new Map(requests.map((request) => [request.id, request])).values()];
}
