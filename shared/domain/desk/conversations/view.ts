import { idSchema } from '@insightdesk/shared/contract';
import { attachmentView } from '@insightdesk/shared/domain/desk/attachments';
import { z } from 'zod';
import { messageKinds, priorities, statuses } from './conversation-enums.ts';
import type { conversations, messages } from './tables.ts';

export const conversationView = z
  .object({
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
  })
  .meta({ id: 'Conversation' });

export const messageView = z
  .object({
    id: idSchema('msg'),
    conversationId: idSchema('cnv'),
    authorId: idSchema('usr'),
    kind: z.enum(messageKinds),
    body: z.string(),
    attachments: z.array(attachmentView),
    clientMessageId: z.string().nullable(),
    createdAt: z.iso.datetime(),
    version: z.int().describe('Counts its changes, from 1; for If-Match'),
    editedAt: z.iso.datetime().nullable(),
    deletedAt: z.iso
      .datetime()
      .nullable()
      .describe('When it was deleted: it has neither text nor attachments then'),
  })
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

/** Customers see neither notes, which their message count excludes, nor tags. */
type Audience = 'staff' | 'customer';

export const audienceOf = (actor: { role: string }): Audience =>
  actor.role === 'customer' ? 'customer' : 'staff';

export function toConversation(row: Omit<ConversationRow, 'tenantId'>, audience: Audience) {
  return {
    id: row.id,
    number: row.number,
    subject: row.subject,
    status: row.status,
    priority: row.priority,
    assigneeId: row.assigneeId,
    customerId: row.customerId,
    tags: audience === 'staff' ? row.tags : [],
    snoozedUntil: row.snoozedUntil?.toISOString() ?? null,
    messageCount: audience === 'staff' ? row.messageCount : row.replyCount,
    lastMessageAt: row.lastMessageAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
    version: row.version,
  };
}

/** The version, and the message count, because a note changes it without a new version. */
export const conversationEtag = ({
  version,
  messageCount,
}: Pick<ReturnType<typeof toConversation>, 'version' | 'messageCount'>) =>
  `${version}-${messageCount}`;

export function toMessage(row: MessageRow, attachments: z.output<typeof attachmentView>[]) {
  return {
    id: row.id,
    conversationId: row.conversationId,
    authorId: row.authorId,
    kind: row.kind,
    body: row.body,
    attachments,
    clientMessageId: row.clientMessageId,
    createdAt: row.createdAt.toISOString(),
    version: row.version,
    editedAt: row.editedAt?.toISOString() ?? null,
    deletedAt: row.deletedAt?.toISOString() ?? null,
  };
}
