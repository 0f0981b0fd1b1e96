import type { UserContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { claimAttachments } from '@insightdesk/shared/domain/attachments';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { messageCreated } from './events.ts';
import { messages } from './tables.ts';
import { type ConversationRow, type MessageRow, toMessage } from './view.ts';

export interface Draft {
  body: string;
  kind: MessageRow['kind'];
  attachmentIds: Id<'att'>[];
  clientMessageId: string | null;
}

/** Writes the message that `conversation.messageCount` already counts, and tells of it. */
export async function appendMessage(ctx: UserContext, conversation: ConversationRow, draft: Draft) {
  const { tx, tenantId, actor } = ctx;
  const { attachmentIds, ...content } = draft;
  const { id: conversationId, customerId, assigneeId, messageCount: sequence } = conversation;
  const id = newId('msg');
  const [row] = await tx
    .insert(messages)
    .values({ tenantId, id, conversationId, sequence, authorId: actor.userId, ...content })
    .returning();
  if (!row) throw new Error('The message was not inserted');
  const claimed = await claimAttachments(ctx, attachmentIds, {
    conversationId,
    messageId: id,
    customerId: draft.kind === 'note' ? null : customerId,
  });
  const message = toMessage(
    row,
    claimed.map(({ view }) => view),
  );
  await record(ctx, messageCreated, { message, customerId, assigneeId });
  for (const { announceIfReady } of claimed) await announceIfReady();
  return message;
}
