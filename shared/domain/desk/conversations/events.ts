import { idSchema, type Role } from '@insightdesk/shared/contract';
import { type Person, personView, toShownPerson } from '@insightdesk/shared/domain/identity/users';
import { type StaffNaming, staffNaming } from '@insightdesk/shared/domain/tenancy/tenants';
import { defineEvent, viewOf } from '@insightdesk/shared/events';
import { z } from 'zod';
import { conversationFields, messageFields, messageState, peopleView } from './view.ts';

/**
 * A conversation as staff sees it, and the message count that its customer sees instead. Names are
 * beside it: earlier releases, which relay events during a deployment, would show them to customers.
 */
const counted = z.object({
  conversation: conversationFields,
  replyCount: z.int(),
  people: peopleView.optional(),
  staffNaming: staffNaming.optional(),
});

type Counted = z.output<typeof counted>;
type People = z.output<typeof peopleView>;

const conversationEventView = z
  .object({ ...conversationFields.shape, ...peopleView.partial().shape })
  .meta({
    id: 'EventConversation',
    description:
      'A conversation without `unreadCount`, which differs by user. Events of earlier releases have no names.',
  });

function toShownPeople(people: People, naming: StaffNaming): People {
  const show = (person: Person) => toShownPerson(person, naming);
  const { customer, assignee, lastMessage } = people;
  return {
    customer: show(customer),
    assignee: assignee && show(assignee),
    lastMessage: lastMessage && { ...lastMessage, author: show(lastMessage.author) },
  };
}

/** Customers see neither notes nor tags, and of staff display names only. */
const audience = {
  conversation: ({ conversation: { id, customerId } }: Counted) => ({
    conversationId: id,
    customerId,
  }),
  staff: viewOf(conversationEventView, ({ conversation, people }: Counted) => ({
    ...conversation,
    ...people,
  })),
  customer: viewOf(conversationEventView, (payload: Counted) => ({
    ...payload.conversation,
    ...(payload.people &&
      payload.staffNaming &&
      toShownPeople(payload.people, payload.staffNaming)),
    messageCount: payload.replyCount,
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

const storedMessage = z.object({ ...messageFields.shape, ...messageState.partial().shape });

const messageEventView = z
  .object({ ...messageFields.shape, ...messageState.shape, author: personView })
  .meta({
    id: 'EventMessage',
    description: 'A message. In events of earlier releases the author has an empty name.',
  });

const messageOf = z.object({
  message: storedMessage,
  author: personView.optional(),
  staffNaming: staffNaming.optional(),
  customerId: idSchema('usr'),
});

type MessageOf = z.output<typeof messageOf>;

/** Events of earlier releases have neither state nor author: their messages were never changed. */
const viewOfMessage = ({ message, customerId }: MessageOf, author: Person | undefined) => {
  const role: Role = message.authorId === customerId ? 'customer' : 'agent';
  return {
    ...message,
    version: message.version ?? 1,
    editedAt: message.editedAt ?? null,
    deletedAt: message.deletedAt ?? null,
    author: author ?? { id: message.authorId, name: '', role },
  };
};

/** Notes are for staff only. */
const messageAudience = {
  conversation: ({ message: { conversationId, kind }, customerId }: MessageOf) => ({
    conversationId,
    customerId: kind === 'note' ? null : customerId,
  }),
  staff: viewOf(messageEventView, (payload: MessageOf) => viewOfMessage(payload, payload.author)),
  customer: viewOf(messageEventView, (payload: MessageOf) => {
    const { author, staffNaming: naming } = payload;
    return viewOfMessage(payload, author && naming && toShownPerson(author, naming));
  }),
  webhooks: true,
} as const;

export const messageCreated = defineEvent(
  'message.created',
  messageOf.extend({ assigneeId: idSchema('usr').nullable() }),
  { ...messageAudience, audit: false },
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

/** For the user's other devices. */
export const conversationRead = defineEvent(
  'conversation.read',
  z.object({
    conversationId: idSchema('cnv'),
    userId: idSchema('usr'),
    unreadCount: z.int(),
  }),
  { recipient: { userId: ({ userId }) => userId, view: 'payload' }, audit: false },
);
