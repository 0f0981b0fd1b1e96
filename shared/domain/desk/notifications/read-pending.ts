import type { TenantContext } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';
import type { NotifiedConversation } from './tables.ts';

/** Conversations of one run, and messages of one email. */
const MAX_ROWS = 50;
const MAX_MESSAGES = 20;

/** A pending email, with what is known of its conversation now. */
export interface PendingRow {
  conversationId: Id<'cnv'>;
  first: number;
  last: number;
  customerId: Id<'usr'>;
  assigneeId: Id<'usr'> | null;
}

type Key = Pick<TenantContext, 'tx' | 'tenantId'>;

/** Locks and returns the pending emails of a user that are due, oldest first. */
export async function lockDue(
  { tx, tenantId }: Key,
  userId: Id<'usr'>,
  dueAt = new Date(0),
): Promise<PendingRow[]> {
  const rows = await tx.execute<{
    conversation_id: string;
    first_sequence: number;
    last_sequence: number;
    customer_id: string;
    assignee_id: string | null;
  }>(sql`
    select p.conversation_id, p.first_sequence, p.last_sequence, c.customer_id, c.assignee_id
    from pending_notifications p
    join conversations c on c.tenant_id = p.tenant_id and c.id = p.conversation_id
    where p.tenant_id = ${toUuid(tenantId)}::uuid and p.user_id = ${toUuid(userId)}::uuid
      and p.due_at <= greatest(now(), ${dueAt.toISOString()}::timestamptz)
    order by p.due_at, p.conversation_id limit ${MAX_ROWS}
    for update of p`);
  return rows.map((row) => ({
    conversationId: fromUuid('cnv', row.conversation_id),
    first: row.first_sequence,
    last: row.last_sequence,
    customerId: fromUuid('usr', row.customer_id),
    assigneeId: row.assignee_id ? fromUuid('usr', row.assignee_id) : null,
  }));
}

/**
 * The replies of others that an email about these conversations shows, and how many more there are.
 * Those that the user has read are left out, and those that an earlier email covers, so that a job that
 * runs again, or another one for the same message, sends nothing twice.
 */
export async function selectUnsent(
  { tx, tenantId }: Key,
  userId: Id<'usr'>,
  pending: readonly (Pick<PendingRow, 'conversationId' | 'first' | 'last'> &
    Pick<NotifiedConversation, 'kind'>)[],
): Promise<NotifiedConversation[]> {
  const column = (of: (row: (typeof pending)[number]) => string | number) =>
    sql.param(pending.map(of));
  const rows = await tx.execute<{ conversation_id: string; shown: number[]; total: number }>(sql`
    select unsent.conversation_id, count(*)::int4 as total,
      (array_agg(unsent.sequence order by unsent.sequence))[1:${sql.raw(String(MAX_MESSAGES))}] as shown
    from (
      select m.conversation_id, m.sequence from unnest(
        ${column(({ conversationId }) => toUuid(conversationId))}::uuid[],
        ${column(({ first }) => first)}::int4[],
        ${column(({ last }) => last)}::int4[]
      ) as wanted(conversation_id, first, last)
      join messages m on m.tenant_id = ${toUuid(tenantId)}::uuid
        and m.conversation_id = wanted.conversation_id
        and m.sequence between wanted.first and wanted.last
      where m.kind = 'reply' and m.deleted_at is null and m.author_id <> ${toUuid(userId)}::uuid
        and not exists (
          select from conversation_reads r where r.tenant_id = m.tenant_id
            and r.conversation_id = m.conversation_id and r.user_id = ${toUuid(userId)}::uuid
            and r.message_count >= m.sequence)
        and not exists (
          select from email_deliveries d, jsonb_array_elements(d.notification -> 'conversations') sent
          where d.tenant_id = m.tenant_id and d.user_id = ${toUuid(userId)}::uuid
            and d.created_at > m.created_at - interval '1 hour'
            and sent ->> 'uuid' = m.conversation_id::text
            and m.sequence between (sent -> 'first')::int4 and (sent -> 'last')::int4)
    ) unsent group by unsent.conversation_id`);
  const found = new Map(rows.map((row) => [fromUuid('cnv', row.conversation_id), row]));
  let left = MAX_MESSAGES;
  return pending.flatMap(({ conversationId, kind, first, last }) => {
    const row = found.get(conversationId);
    if (!row) return [];
    const shown = row.shown.slice(0, left);
    left -= shown.length;
    const uuid = toUuid(conversationId);
    return [{ conversationId, uuid, kind, first, last, shown, more: row.total - shown.length }];
  });
}
