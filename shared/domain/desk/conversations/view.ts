import { idSchema } from '@insightdesk/shared/contract';
import { attachmentView } from '@insightdesk/shared/domain/desk/attachments';
import { type Person, personView, toShownPerson } from '@insightdesk/shared/domain/identity/users';
import type { StaffNaming } from '@insightdesk/shared/domain/tenancy/tenants';
import { z } from 'zod';
import { messageKinds, priorities, statuses } from './conversation-enums.ts';
import { namedPerson, type People, type PeopleAndRead } from './people.ts';
import type { conversations, messages } from './tables.ts';

/** Characters of a message in its conversation. */
export const EXCERPT_CHARS = 200;

/** A conversation without names, as events store it. */
export const conversationFields = z.object({
  id: idSchema('cnv'),
  number: z.int(),
  subject: z.string(),
  status: z.enum(statuses),
  priority: z.enum(priorities),
  assigneeId: idSchema('usr').nullable(),
  customerId: idSchema('usr'),
  tags: z.array(z.string()),
  snoozedUntil: z.iso.datetime().nullable(),
  messageCount: z.int(),
  lastMessageAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  version: z.int(),
});

/** The people of a conversation; customers see display names of staff only. */
export const peopleView = z.object({
  customer: personView,
  assignee: personView.nullable(),
  lastMessage: z
    .object({
      id: idSchema('msg'),
      author: personView,
      excerpt: z.string().describe(`Its first ${EXCERPT_CHARS} characters`),
      createdAt: z.iso.datetime(),
    })
    .nullable()
    .describe('The newest reply'),
});

export const conversationView = z
  .object({
    ...conversationFields.shape,
    ...peopleView.shape,
    unreadCount: z.int().describe('Messages that the caller has not read'),
  })
  .meta({ id: 'Conversation' });

/** A message without its author's name, as events store it. */
export const messageFields = z.object({
  id: idSchema('msg'),
  conversationId: idSchema('cnv'),
  authorId: idSchema('usr'),
  kind: z.enum(messageKinds),
  body: z.string(),
  attachments: z.array(attachmentView),
  clientMessageId: z.string().nullable(),
  createdAt: z.iso.datetime(),
});

/** What changes of a message. */
export const messageState = z.object({
  version: z.int().describe('Counts its changes, from 1; for If-Match'),
  editedAt: z.iso.datetime().nullable(),
  deletedAt: z.iso
    .datetime()
    .nullable()
    .describe('When it was deleted: it has neither text nor attachments then'),
});

export const messageView = z
  .object({ ...messageFields.shape, ...messageState.shape, author: personView })
  .meta({ id: 'Message' });

/** Characters of a body in a list; the message itself has all of them. */
export const MAX_LISTED_BODY_CHARS = 10_000;

export const listedMessageView = messageView
  .extend({
    truncated: z
      .boolean()
      .describe(`The body is longer: these are its first ${MAX_LISTED_BODY_CHARS} characters`),
  })
  .meta({ id: 'ListedMessage' });

export type ConversationRow = typeof conversations.$inferSelect;
export type MessageRow = typeof messages.$inferSelect;
type Row = Omit<ConversationRow, 'tenantId'>;

/**
 * Staff, or customers by the names that they see of staff. They see neither notes, which their message
 * count excludes, nor tags.
 */
export type Audience = 'staff' | StaffNaming;

export const toConversationFields = (row: Row) => ({
  id: row.id,
  number: row.number,
  subject: row.subject,
  status: row.status,
  priority: row.priority,
  assigneeId: row.assigneeId,
  customerId: row.customerId,
  tags: row.tags,
  snoozedUntil: row.snoozedUntil?.toISOString() ?? null,
  messageCount: row.messageCount,
  lastMessageAt: row.lastMessageAt.toISOString(),
  createdAt: row.createdAt.toISOString(),
  version: row.version,
});

/** A person as the audience sees it. */
export const shownTo = (audience: Audience, person: Person) =>
  audience === 'staff' ? person : toShownPerson(person, audience);

export function toPeople(row: Row, people: People | PeopleAndRead, audience: Audience) {
  const [customer, assignee, lastAuthor] = people;
  const { assigneeId } = row;
  const customerPerson = shownTo(audience, namedPerson(row.customerId, customer));
  const assigneePerson =
    assigneeId && assignee ? shownTo(audience, namedPerson(assigneeId, assignee)) : null;

  function toLastMessage() {
    const { lastMessageId: id, lastMessageAuthorId: authorId } = row;
    if (!id || !authorId) return null;
    const author =
      [customerPerson, assigneePerson].find((person) => person?.id === authorId) ??
      (lastAuthor && shownTo(audience, namedPerson(authorId, lastAuthor)));
    const excerpt = row.lastMessageExcerpt ?? '';
    return author ? { id, author, excerpt, createdAt: row.lastMessageAt.toISOString() } : null;
  }

  return { customer: customerPerson, assignee: assigneePerson, lastMessage: toLastMessage() };
}

export function toConversation(row: Row, people: PeopleAndRead, audience: Audience) {
  const read = people[3];
  const isStaff = audience === 'staff';
  const fields = toConversationFields(row);
  if (!isStaff) {
    fields.tags = [];
    fields.messageCount = row.replyCount;
  }
  const readCount = read?.[isStaff ? 0 : 1] ?? 0;
  return {
    ...fields,
    ...toPeople(row, people, audience),
    unreadCount: Math.max(0, fields.messageCount - readCount),
  };
}

/** The version and, because they change without a new one, the counts and the names. */
export const conversationEtag = (conversation: ReturnType<typeof toConversation>) => {
  const { version, messageCount, unreadCount, customer, assignee, lastMessage } = conversation;
  const names = [customer, assignee, lastMessage?.author].map(
    (person) => `${person?.name}\n${person?.role}\n${person?.avatarUrl}`,
  );
  return `${version}-${messageCount}-${unreadCount}-${hashOf(names.join('\n'))}`;
};

/** FNV-1a, in base 36. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(36);
}

export const toMessage = (
  row: MessageRow,
  author: Person,
  attachments: z.output<typeof attachmentView>[],
) => ({
  id: row.id,
  conversationId: row.conversationId,
  authorId: row.authorId,
  author,
  kind: row.kind,
  body: row.body,
  attachments,
  clientMessageId: row.clientMessageId,
  createdAt: row.createdAt.toISOString(),
  version: row.version,
  editedAt: row.editedAt?.toISOString() ?? null,
  deletedAt: row.deletedAt?.toISOString() ?? null,
});
