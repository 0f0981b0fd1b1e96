import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { members } from '@insightdesk/shared/domain/identity/users';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { sql } from 'drizzle-orm';
import {
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { messageKinds, priorities, statuses } from './conversation-enums.ts';

export const conversations = pgTable(
  'conversations',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'cnv').notNull(),
    /** Counts up from 1 within the organization. */
    number: integer('number').notNull(),
    subject: text('subject').notNull(),
    status: text('status', { enum: statuses }).notNull().default('open'),
    priority: text('priority', { enum: priorities }).notNull().default('normal'),
    customerId: typeId('customer_id', 'usr').notNull(),
    assigneeId: typeId('assignee_id', 'usr'),
    tags: text('tags').array().notNull().default(sql`'{}'::text[]`),
    snoozedUntil: instant('snoozed_until'),
    /** All messages, notes included; also the sequence number of the newest one. */
    messageCount: integer('message_count').notNull().default(0),
    /** Messages that its customer may see. */
    replyCount: integer('reply_count').notNull().default(0),
    lastMessageAt: instant('last_message_at').notNull().defaultNow(),
    /** The newest reply, with its author and the beginning of its text. */
    lastMessageId: typeId('last_message_id', 'msg'),
    lastMessageAuthorId: typeId('last_message_author_id', 'usr'),
    lastMessageExcerpt: text('last_message_excerpt'),
    version: integer('version').notNull().default(1),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique('conversations_number').on(t.tenantId, t.number),
    index('conversations_status').on(t.tenantId, t.status, t.number),
    index('conversations_customer').on(t.tenantId, t.customerId, t.number),
    index('conversations_assignee').on(t.tenantId, t.assigneeId, t.number),
    index('conversations_priority').on(t.tenantId, t.priority, t.number),
    index('conversations_activity').on(t.tenantId, t.lastMessageAt, t.number),
    index('conversations_customer_activity').on(
      t.tenantId,
      t.customerId,
      t.lastMessageAt,
      t.number,
    ),
    index('conversations_unassigned').on(t.tenantId, t.number).where(sql`assignee_id is null`),
    // NULLS FIRST, so that no other index has the order that their statements request.
    index('conversations_filters').on(
      t.tenantId,
      t.priority,
      t.status.asc().nullsFirst(),
      t.number,
    ),
    index('conversations_customer_filters').on(
      t.tenantId,
      t.customerId,
      t.priority,
      t.status.asc().nullsFirst(),
      t.number,
    ),
    index('conversations_assignee_filters').on(
      t.tenantId,
      t.assigneeId,
      t.priority,
      t.status.asc().nullsFirst(),
      t.number,
    ),
    foreignKey({
      columns: [t.tenantId, t.customerId],
      foreignColumns: [members.tenantId, members.userId],
      name: 'conversations_customer_fk',
    }),
    foreignKey({
      columns: [t.tenantId, t.assigneeId],
      foreignColumns: [members.tenantId, members.userId],
      name: 'conversations_assignee_fk',
    }),
  ],
);

/** The tags of conversations, newest first; a trigger copies them from `conversations.tags`. */
export const conversationTags = pgTable(
  'conversation_tags',
  {
    tenantId: tenantId(),
    tag: text('tag').notNull(),
    number: integer('number').notNull(),
    conversationId: typeId('conversation_id', 'cnv').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.tag, t.number] }),
    index('conversation_tags_conversation').on(t.tenantId, t.conversationId),
    foreignKey({
      columns: [t.tenantId, t.conversationId],
      foreignColumns: [conversations.tenantId, conversations.id],
      name: 'conversation_tags_conversation_fk',
    }).onDelete('cascade'),
  ],
);

/** The n-grams of subjects, for substring search; maintained by a trigger. */
export const conversationSubjects = pgTable(
  'conversation_subjects',
  {
    tenantId: tenantId(),
    conversationId: typeId('conversation_id', 'cnv').notNull(),
    /** All substrings of one, two and three characters, in lower case. */
    ngrams: text('ngrams').array().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.conversationId] }),
    // Every search reads the pending list of the index: a short list keeps it fast.
    index('conversation_subjects_ngrams')
      .using('gin', t.tenantId, t.ngrams)
      .with({ gin_pending_list_limit: 256 }),
    foreignKey({
      columns: [t.tenantId, t.conversationId],
      foreignColumns: [conversations.tenantId, conversations.id],
      name: 'conversation_subjects_conversation_fk',
    }).onDelete('cascade'),
  ],
);

export const messages = pgTable(
  'messages',
  {
    tenantId: tenantId(),
    id: typeId('id', 'msg').notNull(),
    conversationId: typeId('conversation_id', 'cnv').notNull(),
    /** Position in the conversation, from 1 without gaps. */
    sequence: integer('sequence').notNull(),
    authorId: typeId('author_id', 'usr').notNull(),
    kind: text('kind', { enum: messageKinds }).notNull(),
    body: text('body').notNull(),
    clientMessageId: text('client_message_id'),
    /** Counts its changes, from 1; earlier versions are in `message_versions`. */
    version: integer('version').notNull().default(1),
    editedAt: instant('edited_at'),
    /** Set when it was deleted: its body is empty then. */
    deletedAt: instant('deleted_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique('messages_sequence').on(t.tenantId, t.conversationId, t.sequence),
    uniqueIndex('messages_client_message')
      .on(t.tenantId, t.conversationId, t.authorId, t.clientMessageId)
      .where(sql`client_message_id is not null`),
    foreignKey({
      columns: [t.tenantId, t.conversationId],
      foreignColumns: [conversations.tenantId, conversations.id],
      name: 'messages_conversation_fk',
    }).onDelete('cascade'),
  ],
);

/** The former texts of messages that were edited or deleted. */
export const messageVersions = pgTable(
  'message_versions',
  {
    tenantId: tenantId(),
    messageId: typeId('message_id', 'msg').notNull(),
    version: integer('version').notNull(),
    body: text('body').notNull(),
    /** Who replaced this version. */
    changedBy: typeId('changed_by', 'usr').notNull(),
    changedAt: instant('changed_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.messageId, t.version] }),
    foreignKey({
      columns: [t.tenantId, t.messageId],
      foreignColumns: [messages.tenantId, messages.id],
      name: 'message_versions_message_fk',
    }).onDelete('cascade'),
  ],
);

/** How many messages of a conversation a user has read, as the counters of the conversation count them. */
export const conversationReads = pgTable(
  'conversation_reads',
  {
    tenantId: tenantId(),
    conversationId: typeId('conversation_id', 'cnv').notNull(),
    userId: typeId('user_id', 'usr').notNull(),
    messageCount: integer('message_count').notNull(),
    replyCount: integer('reply_count').notNull(),
    readAt: instant('read_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.conversationId, t.userId] }),
    foreignKey({
      columns: [t.tenantId, t.conversationId],
      foreignColumns: [conversations.tenantId, conversations.id],
      name: 'conversation_reads_conversation_fk',
    }).onDelete('cascade'),
  ],
);
