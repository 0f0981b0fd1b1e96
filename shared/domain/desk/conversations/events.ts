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

export const messageCreated = defineEvent(
  'message.created',
  z.object({
    message: messageView,
    customerId: idSchema('usr'),
    assigneeId: idSchema('usr').nullable(),
  }),
  {
    conversation: ({ message: { conversationId, kind }, customerId }) => ({
      conversationId,
      customerId: kind === 'note' ? null : customerId,
    }),
    staff: viewOf(messageView, ({ message }) => message),
    customer: viewOf(messageView, ({ message }) => message),
    webhooks: true,
    audit: false,
  },
);
