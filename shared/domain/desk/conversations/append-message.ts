import { type MemberTenantContext, text } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { statement, withCommit } from '@insightdesk/shared/database';
import { claimAttachments } from '@insightdesk/shared/domain/desk/attachments';
import { requireBytesLeft } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { getTableColumns } from 'drizzle-orm';
import { z } from 'zod';
import { messageCreated } from './events.ts';
import { messages } from './tables.ts';
import { type ConversationRow, type MessageRow, toMessage } from './view.ts';

export const messageInput = {
  body: text(50_000),
  attachmentIds: z.array(idSchema('att')).max(10).default([]),
};

interface MessageDraft {
  body: string;
  kind: MessageRow['kind'];
  attachmentIds: Id<'att'>[];
  clientMessageId: string | null;
  /** Default: the caller. */
  authorId?: Id<'usr'> | undefined;
}

/** Throws 422 QUOTA_EXCEEDED without room for a body; issued with the first statements of a transaction. */
export const requireRoomFor = (ctx: MemberTenantContext, body: string) =>
  requireBytesLeft(ctx, Buffer.byteLength(body));

const insert = statement(getTableColumns(messages), (row, q) => q.insert(messages).values(row));

/** Inserts the message that `conversation.messageCount` already counts and emits `message.created`. */
export async function appendMessage(
  ctx: MemberTenantContext,
  conversation: ConversationRow,
  { attachmentIds, authorId = ctx.actor.userId, ...content }: MessageDraft,
  createdAt: Date,
) {
  const { tx, tenantId } = ctx;
  const { id: conversationId, customerId, assigneeId, messageCount: sequence } = conversation;
  const id = newId('msg');
  const unchanged = { version: 1, editedAt: null, deletedAt: null };
  const row = {
    tenantId,
    id,
    conversationId,
    sequence,
    authorId,
    createdAt,
    ...unchanged,
    ...content,
  };
  withCommit(tx, insert(tx, row));
  const claimed = await claimAttachments(ctx, attachmentIds, {
    conversationId,
    messageId: id,
    customerId: content.kind === 'note' ? null : customerId,
  });
  const message = toMessage(
    row,
    claimed.map(({ view }) => view),
  );
  const visible = claimed.filter(({ quarantined }) => !quarantined).map(({ view }) => view);
  const published = { ...message, attachments: visible };
  await record(ctx, messageCreated, { message: published, customerId, assigneeId });
  for (const { emitIfReady } of claimed) await emitIfReady();
  return message;
}
