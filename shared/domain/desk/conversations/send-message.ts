import {
  defineAction,
  type MemberTenantContext,
  requireCan,
  text,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches, statement, withCommit } from '@insightdesk/shared/database';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { actsAs, recordActedFor, requireAuthor } from './act-for-contact.ts';
import {
  appendMessage,
  lastMessageColumns,
  messageInput,
  requireRoomFor,
} from './append-message.ts';
import { messageKinds } from './conversation-enums.ts';
import { ConversationErrors } from './errors.ts';
import { lockConversation } from './get-conversation.ts';
import { messageColumns, toMessageFromRow } from './message-row.ts';
import { namedPerson } from './people.ts';
import { assigneeAfterReopening, canTransition } from './reopen-conversation.ts';
import { conversations, messages } from './tables.ts';
import { recordConversationUpdated } from './update-conversation-row.ts';
import { type ConversationRow, messageView } from './view.ts';

/** Sends a reply or a note; a repeated `clientMessageId` returns the first message. */
export const sendMessage = defineAction({
  summary: 'Send a message',
  input: z.strictObject({
    id: idSchema('cnv'),
    kind: z.enum(messageKinds).default('reply'),
    clientMessageId: text(100).nullable().default(null),
    ...messageInput,
    ...actsAs,
  }),
  output: z.object({ message: messageView, isNew: z.boolean() }),
  allow: 'conversations:reply',
  transaction: 'write',
  async run(ctx, { id, contactId, ...content }) {
    const draft = { ...content, authorId: ctx.actor.userId };
    if (contactId) draft.authorId = await requireAuthor(ctx, { contactId, kind: draft.kind });
    const isCustomer = ctx.actor.role === 'customer' || contactId !== undefined;
    if (draft.kind === 'note') requireCan(ctx.actor, 'conversations:reply', { kind: 'notes' });
    const [before, sent] = await Promise.all([
      lockConversation(ctx, id),
      findSentMessage(ctx, id, draft),
      requireRoomFor(ctx, draft.body),
    ]);
    if (!before) throw ConversationErrors.NotFound();
    if (contactId && before.customerId !== draft.authorId) throw ConversationErrors.NotItsContact();
    if (sent)
      return { message: toMessageFromRow(sent, ctx.settings.publicUrl, 'staff'), isNew: false };
    const wasClosed = before.status === 'closed';
    const mayWrite = !wasClosed || (isCustomer && (await canTransition(ctx, before, 'open')));
    if (!mayWrite) throw ConversationErrors.Closed();
    const reopens = isCustomer && before.status !== 'open';
    const { staffNaming, reader } = before;
    const [customer, assignee] = before.people;
    const { authorId, ...rest } = draft;
    const written = { ...rest, id: newId('msg'), createdAt: before.now };
    const after = countMessage(before, { ...written, authorId, reopens });
    if (wasClosed) after.assigneeId = await assigneeAfterReopening(ctx, before);
    withCommit(ctx.tx, update(ctx.tx, after));
    const named = contactId ? customer : reader;
    const author = namedPerson(authorId, named);
    const message = await appendMessage(ctx, after, written, { author, staffNaming });
    if (reopens) {
      const people = [customer, after.assigneeId ? assignee : null, named] as const;
      await recordConversationUpdated(ctx, { ...after, staffNaming, people }, before.assigneeId);
    }
    if (contactId) await recordActedFor(ctx, authorId, id, 'message.sent');
    return { message, isNew: true };
  },
});

interface CountedMessage {
  id: Id<'msg'>;
  authorId: Id<'usr'>;
  kind: 'reply' | 'note';
  body: string;
  createdAt: Date;
  reopens: boolean;
}

/** A note changes nothing that the customer sees: neither time, version nor status. */
function countMessage(
  before: ConversationRow,
  { kind, reopens, authorId, ...message }: CountedMessage,
): ConversationRow {
  const after = { ...before, messageCount: before.messageCount + 1 };
  if (kind === 'reply') {
    after.replyCount++;
    after.version++;
    Object.assign(after, lastMessageColumns(authorId, message));
  }
  if (reopens) {
    after.status = 'open';
    after.snoozedUntil = null;
  }
  return after;
}

const update = statement(
  {
    tenantId: conversations.tenantId,
    id: conversations.id,
    messageCount: conversations.messageCount,
    replyCount: conversations.replyCount,
    version: conversations.version,
    lastMessageAt: conversations.lastMessageAt,
    lastMessageId: conversations.lastMessageId,
    lastMessageAuthorId: conversations.lastMessageAuthorId,
    lastMessageExcerpt: conversations.lastMessageExcerpt,
    status: conversations.status,
    snoozedUntil: conversations.snoozedUntil,
    assigneeId: conversations.assigneeId,
  },
  ({ tenantId, id, ...counted }, q) =>
    q.update(conversations).set(counted).where(matches(conversations, { tenantId, id })),
);

const selectSent = statement(
  {
    tenantId: messages.tenantId,
    conversationId: messages.conversationId,
    authorId: messages.authorId,
    clientMessageId: messages.clientMessageId,
  },
  ({ tenantId, conversationId, authorId, clientMessageId }, q) =>
    q
      .select(messageColumns)
      .from(messages)
      .where(matches(messages, { tenantId, conversationId, authorId, clientMessageId })),
);

/** The author's message with this client id, if it was sent before; as it is now. */
async function findSentMessage(
  { tx, tenantId }: MemberTenantContext,
  conversationId: Id<'cnv'>,
  { authorId, clientMessageId }: { authorId: Id<'usr'>; clientMessageId: string | null },
) {
  if (clientMessageId === null) return undefined;
  const key = { tenantId, conversationId, authorId, clientMessageId };
  const [row] = await selectSent(tx, key);
  return row;
}
