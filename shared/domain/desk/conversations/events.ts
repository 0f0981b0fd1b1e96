import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent, viewOf } from '@insightdesk/shared/events';
import { z } from 'zod';
import { conversationView, messageView } from './view.ts';

/** A conversation as staff sees it, and the message count that its customer sees instead. */
const counted = z.object({ conversation: conversationView, replyCount: z.int() });

type Counted = z.output<typeof counted>;

/** Customers see neither notes nor tags. */
const audience = {
  conversation: ({ conversation: { id, customerId } }: Counted) => ({
    conversationId: id,
    customerId,
  }),
  staff: viewOf(conversationView, ({ conversation }: Counted) => conversation),
  customer: viewOf(conversationView, ({ conversation, replyCount }: Counted) => ({
    ...conversation,
    messageCount: replyCount,
    tags: [],
  })),
  webhooks: true,
  audit: false,
} as const;

export const conversationCreated = defineEvent('conversation.created', counted, audience);

export const conversationUpdated = defineEvent(
  'conversation.updated',
  counted.extend({ previousAssigneeId: idSchema('usr').nullable() }),
  audience,
);

const messageOf = z.object({ message: messageView, customerId: idSchema('usr') });

type MessageOf = z.output<typeof messageOf>;

/** Notes are for staff only. */
const messageAudience = {
  conversation: ({ message: { conversationId, kind }, customerId }: MessageOf) => ({
    conversationId,
    customerId: kind === 'note' ? null : customerId,
  }),
  staff: viewOf(messageView, ({ message }: MessageOf) => message),
  customer: viewOf(messageView, ({ message }: MessageOf) => message),
  webhooks: true,
} as const;

const neverChanged = { version: 1, editedAt: null, deletedAt: null };

export const messageCreated = defineEvent(
  'message.created',
  messageOf.extend({ assigneeId: idSchema('usr').nullable() }),
  {
    ...messageAudience,
    audit: false,
    version: 2,
    upcasts: {
      1: (old) => ({ ...old, message: { ...(old.message as object), ...neverChanged } }),
    },
  },
);

/** The author edited a message. */
export const messageUpdated = defineEvent('message.updated', messageOf, {
  ...messageAudience,
  audit: false,
});

/** Its author or staff deleted a message: it stays in its place, without text and attachments. */
export const messageDeleted = defineEvent('message.deleted', messageOf, {
  ...messageAudience,
  audit: ({ message: { id, conversationId, authorId } }) => ({
    messageId: id,
    conversationId,
    authorId,
  }),
});

/** The former texts of a message were deleted for good. */
export const messageHistoryDeleted = defineEvent(
  'message.history-deleted',
  z.object({ messageId: idSchema('msg'), conversationId: idSchema('cnv'), versions: z.int() }),
);
