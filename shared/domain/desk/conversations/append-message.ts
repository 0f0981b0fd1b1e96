import { type MemberTenantContext, text } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { statement, withCommit } from '@insightdesk/shared/database';
import { claimAttachments } from '@insightdesk/shared/domain/desk/attachments';
import type { Person } from '@insightdesk/shared/domain/identity/users';
import { requireBytesLeft, type StaffNaming } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { getTableColumns } from 'drizzle-orm';
import { z } from 'zod';
import { messageCreated } from './events.ts';
import { markRead } from './mark-read.ts';
import { messages } from './tables.ts';
import { type ConversationRow, EXCERPT_CHARS, type MessageRow, toMessage } from './view.ts';

export const messageInput = {
  body: text(50_000),
  attachmentIds: z.array(idSchema('att')).max(10).default([]),
};

interface MessageDraft {
  id: Id<'msg'>;
  body: string;
  kind: MessageRow['kind'];
  attachmentIds: Id<'att'>[];
  clientMessageId: string | null;
  createdAt: Date;
}

/** Who writes, and what its name is to customers. */
interface Author {
  author: Person;
  staffNaming: StaffNaming;
}

/** Throws 422 QUOTA_EXCEEDED without room for a body; issued with the first statements of a transaction. */
export const requireRoomFor = (ctx: MemberTenantContext, body: string) =>
  requireBytesLeft(ctx, Buffer.byteLength(body));

/** The columns of a conversation that its newest reply determines. */
export const lastMessageColumns = (
  authorId: Id<'usr'>,
  { id, body, createdAt }: Pick<MessageDraft, 'id' | 'body' | 'createdAt'>,
) => ({
  lastMessageAt: createdAt,
  lastMessageId: id,
  lastMessageAuthorId: authorId,
  lastMessageExcerpt: [...body.slice(0, 2 * EXCERPT_CHARS)].slice(0, EXCERPT_CHARS).join(''),
});

const insert = statement(getTableColumns(messages), (row, q) => q.insert(messages).values(row));

/**
 * Inserts the message that the counts of `conversation` include already, marks all as read by its author
 * and emits `message.created`.
 */
export async function appendMessage(
  ctx: MemberTenantContext,
  conversation: ConversationRow,
  { attachmentIds, ...content }: MessageDraft,
  { author, staffNaming }: Author,
) {
  const { tx, tenantId } = ctx;
  const { id: conversationId, customerId, assigneeId, messageCount, replyCount } = conversation;
  const row = {
    tenantId,
    conversationId,
    sequence: messageCount,
    authorId: author.id,
    version: 1,
    editedAt: null,
    deletedAt: null,
    ...content,
  };
  withCommit(tx, insert(tx, row));
  markRead(tx, { tenantId, conversationId, userId: author.id, messageCount, replyCount });
  const claimed = await claimAttachments(ctx, attachmentIds, {
    conversationId,
    messageId: content.id,
    customerId: content.kind === 'note' ? null : customerId,
  });
  const message = toMessage(
    row,
    author,
    claimed.map(({ view }) => view),
  );
  const visible = claimed.filter(({ quarantined }) => !quarantined).map(({ view }) => view);
  const published = { ...message, attachments: visible };
  await record(ctx, messageCreated, {
    message: published,
    author,
    staffNaming,
    customerId,
    assigneeId,
  });
  for (const { emitIfReady } of claimed) await emitIfReady();
  return message;
}
