import {
  customerScopeOf,
  defineAction,
  type MemberTenantContext,
} from '@insightdesk/shared/context';
import { type Id, idSchema, toUuid } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { ConversationErrors } from './errors.ts';
import { conversationRead } from './events.ts';

/** Marks a conversation as read by the caller, up to a message. Never marks messages as unread. */
export const readConversation = defineAction({
  summary: 'Mark a conversation as read',
  input: z.strictObject({
    id: idSchema('cnv'),
    messageId: idSchema('msg')
      .optional()
      .describe('The newest message that was read; all without it'),
  }),
  output: z.object({ unreadCount: z.int() }).meta({ id: 'UnreadCount' }),
  allow: 'conversations:read',
  transaction: 'write',
  async run(ctx, { id, messageId }) {
    const { userId } = ctx.actor;
    const result = await mark(ctx, id, messageId);
    if (!result) throw ConversationErrors.NotFound();
    if (result.target === null) throw ConversationErrors.MessageNotFound();
    const unreadCount = result.total - result.read;
    if (result.moved)
      await record(ctx, conversationRead, { conversationId: id, userId, unreadCount });
    return { unreadCount };
  },
});

interface Marked {
  /** The position of the message; null when it is unknown. */
  target: number | null;
  moved: boolean;
  /** Messages that the caller sees, and how many of them it has read. */
  total: number;
  read: number;
}

/**
 * Replies up to a message are counted from where the user has read to: each is counted once. The position
 * of a message that a customer cannot see is null.
 */
async function mark(
  { tx, tenantId, actor }: MemberTenantContext,
  id: Id<'cnv'>,
  messageId: Id<'msg'> | undefined,
): Promise<Marked | undefined> {
  const [tenant, conversation, user] = [tenantId, id, actor.userId].map(toUuid);
  const customerId = customerScopeOf(actor);
  const isCustomer = customerId !== undefined;
  const message = messageId ? toUuid(messageId) : null;
  const scope = isCustomer ? sql`and c.customer_id = ${user}::uuid` : sql``;
  const visible = isCustomer ? sql`and m.kind = 'reply'` : sql``;
  const [row] = await tx.execute(sql`
    with found as (
      select c.message_count, c.reply_count,
        coalesce(r.message_count, 0) as old_messages, coalesce(r.reply_count, 0) as old_replies,
        case when ${message}::uuid is null then c.message_count else (
          select m.sequence from messages m where m.tenant_id = c.tenant_id and m.id = ${message}::uuid
            and m.conversation_id = c.id ${visible}) end as target
      from conversations c left join conversation_reads r
        on r.tenant_id = c.tenant_id and r.conversation_id = c.id and r.user_id = ${user}::uuid
      where c.tenant_id = ${tenant}::uuid and c.id = ${conversation}::uuid ${scope}),
    wanted as (
      select target, case when target = message_count then reply_count else old_replies + (
        select count(*)::int from messages m where m.tenant_id = ${tenant}::uuid
          and m.conversation_id = ${conversation}::uuid and m.kind = 'reply'
          and m.sequence > old_messages and m.sequence <= target) end as replies
      from found where target > old_messages),
    marked as (
      insert into conversation_reads as r (tenant_id, conversation_id, user_id, message_count, reply_count)
      select ${tenant}::uuid, ${conversation}::uuid, ${user}::uuid, target, replies from wanted
      on conflict (tenant_id, conversation_id, user_id) do update set message_count = excluded.message_count,
        reply_count = excluded.reply_count, read_at = excluded.read_at
        where excluded.message_count > r.message_count
      returning r.message_count, r.reply_count)
    select f.target, marked.message_count is not null as moved,
      ${isCustomer ? sql`f.reply_count` : sql`f.message_count`} as total,
      ${
        isCustomer
          ? sql`coalesce(marked.reply_count, f.old_replies)`
          : sql`coalesce(marked.message_count, f.old_messages)`
      } as read
    from found f left join marked on true`);
  return row as unknown as Marked | undefined;
}
