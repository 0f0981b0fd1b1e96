import { type MemberTenantContext, requireMatch } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches, statement } from '@insightdesk/shared/database';
import { findContact } from '@insightdesk/shared/domain/desk/contacts';
import { and, eq, sql } from 'drizzle-orm';
import { viewerColumns, viewerOf, visibleMessages } from '../conversation-visibility.ts';
import { ConversationErrors } from '../errors.ts';
import { lockConversation } from '../get-conversation.ts';
import { messageColumns } from '../message-row.ts';
import { conversations, messages, messageVersions } from '../tables.ts';
import { type ConversationRow, EXCERPT_CHARS, type MessageRow } from '../view.ts';

export const messageKey = { id: idSchema('cnv'), messageId: idSchema('msg') };

export interface MessageKey {
  id: Id<'cnv'>;
  messageId: Id<'msg'>;
}

const selectForUpdate = statement(
  { ...viewerColumns.given, id: messages.conversationId, messageId: messages.id },
  ({ id, messageId, ...viewer }, q) =>
    q
      .select(messageColumns)
      .from(messages)
      .where(
        and(visibleMessages(viewer), eq(messages.conversationId, id), eq(messages.id, messageId)),
      )
      .for('update', { of: messages }),
  { optional: viewerColumns.optional },
);

/**
 * Locks a message that the caller may see and change, and its conversation, as sending does. Throws
 * 404, 412 for another version than If-Match, and 409 for a customer in a closed conversation.
 */
export async function lockMessage(ctx: MemberTenantContext, { id, messageId }: MessageKey) {
  const [conversation, [found]] = await Promise.all([
    lockConversation(ctx, id),
    selectForUpdate(ctx.tx, { ...viewerOf(ctx), id, messageId }),
  ]);
  if (!conversation || !found) throw ConversationErrors.MessageNotFound();
  requireMatch(ctx, found.message.version);
  const isCustomer = ctx.actor.role === 'customer';
  if (isCustomer && conversation.status === 'closed') throw ConversationErrors.Closed();
  return { conversation, found };
}

/** Whether the caller wrote a message, as itself or as a contact that was merged into it. */
export async function isAuthor(
  ctx: MemberTenantContext,
  { authorId }: MessageRow,
): Promise<boolean> {
  const { userId, role } = ctx.actor;
  if (authorId === userId) return true;
  if (role !== 'customer') return false;
  return (await findContact(ctx, authorId))?.mergedInto === userId;
}

/** Changes a locked message and keeps its former text; a conversation shows its last reply as it is now. */
export async function changeMessage(
  { tx, tenantId, actor }: MemberTenantContext,
  conversation: ConversationRow,
  before: MessageRow,
  changes: Partial<Pick<MessageRow, 'body' | 'editedAt' | 'deletedAt'>>,
): Promise<MessageRow> {
  const { id: messageId, version, body } = before;
  const after = { ...before, ...changes, version: version + 1 };
  await Promise.all([
    tx
      .insert(messageVersions)
      .values({ tenantId, messageId, version, body, changedBy: actor.userId })
      .execute(),
    tx
      .update(messages)
      .set({ ...changes, version: after.version })
      .where(matches(messages, { tenantId, id: messageId }))
      .execute(),
    tx
      .update(conversations)
      .set({
        lastMessageExcerpt: after.deletedAt ? '' : sql`left(${after.body}, ${EXCERPT_CHARS})`,
        version: sql`${conversations.version} + 1`,
      })
      .where(matches(conversations, { tenantId, id: conversation.id, lastMessageId: messageId }))
      .execute(),
  ]);
  return after;
}
