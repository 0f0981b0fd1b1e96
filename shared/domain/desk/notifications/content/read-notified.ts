import type { TenantContext } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { toShownName } from '@insightdesk/shared/domain/identity/users';
import { sql } from 'drizzle-orm';
import type { NotifiedUser } from '../find-recipient.ts';
import type { NotifiedConversation } from '../tables.ts';

/** Of one body; the whole email has less than twice as many. */
const MAX_BODY = 5_000;

export interface NotifiedMessage {
  authorName: string;
  body: string;
}

/** What an email shows of a conversation. */
export interface ShownConversation {
  id: Id<'cnv'>;
  number: number;
  subject: string;
  customerName: string;
  messages: NotifiedMessage[];
  /** How many messages it does not show. */
  more: number;
}

/** The conversations of an email with the messages that it shows; those that were deleted are left out. */
export async function readNotified(
  { tx, tenantId }: TenantContext,
  recipient: NotifiedUser,
  notified: readonly NotifiedConversation[],
): Promise<ShownConversation[]> {
  const pairs = notified.flatMap(({ uuid, shown }) =>
    shown.map((sequence) => ({ uuid, sequence })),
  );
  const rows = await tx.execute<{
    conversation_id: string;
    number: number;
    subject: string;
    customer_id: string;
    customer_name: string;
    author_id: string;
    author_name: string;
    body: string;
  }>(sql`
    select m.conversation_id, c.number, c.subject, c.customer_id, m.author_id, left(m.body, ${MAX_BODY + 1}) as body,
      (select name from members a where a.tenant_id = m.tenant_id and a.user_id = c.customer_id) as customer_name,
      (select name from members a where a.tenant_id = m.tenant_id and a.user_id = m.author_id) as author_name
    from unnest(
      ${sql.param(pairs.map(({ uuid }) => uuid))}::uuid[],
      ${sql.param(pairs.map(({ sequence }) => sequence))}::int4[]
    ) as shown(conversation_id, sequence)
    join messages m on m.tenant_id = ${toUuid(tenantId)}::uuid
      and m.conversation_id = shown.conversation_id and m.sequence = shown.sequence
    join conversations c on c.tenant_id = m.tenant_id and c.id = m.conversation_id
    where m.kind = 'reply' and m.deleted_at is null
    order by m.conversation_id, m.sequence`);
  const byConversation = Map.groupBy(rows, (row) => row.conversation_id);
  return notified.flatMap(({ conversationId, uuid, more }) => {
    const own = byConversation.get(uuid);
    const [first] = own ?? [];
    if (!own || !first) return [];
    const isCustomer = fromUuid('usr', first.customer_id) === recipient.userId;
    const messages = own.map((row) => ({
      body: row.body,
      authorName:
        isCustomer && row.author_id !== row.customer_id
          ? toShownName(row.author_name, recipient.staffNaming)
          : row.author_name,
    }));
    const { number, subject, customer_name: customerName } = first;
    return [{ id: conversationId, number, subject, customerName, messages, more }];
  });
}
