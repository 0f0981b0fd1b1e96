import { defineAction, text, type UserContext } from '@insightdesk/shared/context';
import { type Id, idSchema, roles } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { appendMessage } from './append-message.ts';
import { ConversationErrors } from './errors.ts';
import { conversationUpdated } from './events.ts';
import { findSentMessage } from './list-messages.ts';
import { messageInput } from './open-conversation.ts';
import { conversations } from './tables.ts';
import { type ConversationRow, messageView, toConversation } from './view.ts';
import { kinds } from './vocabulary.ts';

/** Sends a reply or writes a note; the same `clientMessageId` again answers with the first one. */
export const sendMessage = defineAction({
  summary: 'Send a message',
  input: z.strictObject({
    id: idSchema('cnv'),
    kind: z.enum(kinds).default('reply'),
    clientMessageId: text(100).nullable().default(null),
    ...messageInput,
  }),
  output: z.object({ message: messageView, isNew: z.boolean() }),
  allow: roles,
  transaction: 'write',
  async run(ctx, { id, ...draft }) {
    const isCustomer = ctx.actor.role === 'customer';
    if (draft.kind === 'note' && isCustomer) throw ConversationErrors.NotesAreForStaff();
    const [before, sent] = await Promise.all([
      lockConversation(ctx, id),
      findSentMessage(ctx, id, draft.clientMessageId),
    ]);
    if (!before) throw ConversationErrors.NotFound();
    if (sent) return { message: sent, isNew: false };
    if (before.status === 'closed') throw ConversationErrors.Closed();
    const reopens = isCustomer && before.status !== 'open';
    const conversation = await countMessage(ctx, id, { kind: draft.kind, reopens });
    const message = await appendMessage(ctx, conversation, draft);
    if (reopens) {
      await record(ctx, conversationUpdated, {
        conversation: toConversation(conversation, 'staff'),
        replyCount: conversation.replyCount,
        previousAssigneeId: conversation.assigneeId,
      });
    }
    return { message, isNew: true };
  },
});

/** Locks a conversation that the caller may see: everything in it happens one after the other. */
export async function lockConversation({ tx, tenantId, actor }: UserContext, id: Id<'cnv'>) {
  const mine = actor.role === 'customer' ? eq(conversations.customerId, actor.userId) : undefined;
  const [row] = await tx
    .select()
    .from(conversations)
    .where(and(eq(conversations.tenantId, tenantId), eq(conversations.id, id), mine))
    .for('update')
    .execute();
  return row;
}

/** A note leaves no trace in what the customer sees: not in time, version or status. */
async function countMessage(
  { tx, tenantId }: UserContext,
  id: Id<'cnv'>,
  { kind, reopens }: { kind: 'reply' | 'note'; reopens: boolean },
): Promise<ConversationRow> {
  const visible = kind === 'reply' && {
    replyCount: sql`${conversations.replyCount} + 1`,
    version: sql`${conversations.version} + 1`,
    lastMessageAt: sql`now()`,
  };
  const [row] = await tx
    .update(conversations)
    .set({
      messageCount: sql`${conversations.messageCount} + 1`,
      ...visible,
      ...(reopens && { status: 'open' as const, snoozedUntil: null }),
    })
    .where(and(eq(conversations.tenantId, tenantId), eq(conversations.id, id)))
    .returning();
  if (!row) throw ConversationErrors.NotFound();
  return row;
}
