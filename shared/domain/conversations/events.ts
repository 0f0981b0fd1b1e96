import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';
import { conversationView, messageView } from './view.ts';

/** A conversation as staff sees it, and the count that its customer sees instead. */
const conversation = { conversation: conversationView, replyCount: z.int() };

export const conversationCreated = defineEvent('conversation.created', z.object(conversation));

export const conversationUpdated = defineEvent(
  'conversation.updated',
  z.object({ ...conversation, previousAssigneeId: idSchema('usr').nullable() }),
);

export const messageCreated = defineEvent(
  'message.created',
  z.object({
    message: messageView,
    customerId: idSchema('usr'),
    assigneeId: idSchema('usr').nullable(),
  }),
);
