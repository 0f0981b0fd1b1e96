import type { Id } from '@insightdesk/shared/contract';
import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { conversations } from '@insightdesk/shared/domain/desk/conversations';
import type { NotificationKind } from '@insightdesk/shared/domain/identity/preferences';
import { members } from '@insightdesk/shared/domain/identity/users';
import { sql } from 'drizzle-orm';
import { foreignKey, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** The messages of one conversation in an email. */
export interface NotifiedConversation {
  conversationId: Id<'cnv'>;
  /** The same id, for statements. */
  uuid: string;
  kind: NotificationKind;
  /** The email covers the messages between these sequence numbers. */
  first: number;
  last: number;
  /** The sequence numbers of those that it shows. */
  shown: number[];
  /** How many more it only counts. */
  more: number;
}

/** What an email of notifications is about. */
export interface Notification {
  isDigest: boolean;
  conversations: NotifiedConversation[];
}

/** One row per email, so that a job that runs again does not send it twice. */
export const emailDeliveries = pgTable(
  'email_deliveries',
  {
    tenantId: tenantId(),
    key: text('key').notNull(),
    recipient: text('recipient').notNull(),
    createdAt: createdAt(),
    sentAt: instant('sent_at'),
    /** The user that the email notifies; null for other emails. */
    userId: typeId('user_id', 'usr'),
    notification: jsonb('notification').$type<Notification>(),
    /** When the mail server refused it for good. */
    failedAt: instant('failed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.key] }),
    index('email_deliveries_user')
      .on(t.tenantId, t.userId, t.createdAt)
      .where(sql`user_id is not null`),
    index('email_deliveries_unsent')
      .on(t.createdAt)
      .where(sql`user_id is not null and sent_at is null and failed_at is null`),
  ],
);

/** Conversations with messages that a user will be emailed about; one email is sent for all of them that are due. */
export const pendingNotifications = pgTable(
  'pending_notifications',
  {
    tenantId: tenantId(),
    userId: typeId('user_id', 'usr').notNull(),
    conversationId: typeId('conversation_id', 'cnv').notNull(),
    /** The sequence number of the first and of the last message that the email contains. */
    firstSequence: integer('first_sequence').notNull(),
    lastSequence: integer('last_sequence').notNull(),
    dueAt: instant('due_at').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.userId, t.conversationId] }),
    index('pending_notifications_due').on(t.dueAt),
    foreignKey({
      columns: [t.tenantId, t.conversationId],
      foreignColumns: [conversations.tenantId, conversations.id],
      name: 'pending_notifications_conversation_fk',
    }).onDelete('cascade'),
    foreignKey({
      columns: [t.tenantId, t.userId],
      foreignColumns: [members.tenantId, members.userId],
      name: 'pending_notifications_member_fk',
    }),
  ],
);

/** Texts of an organization in place of the built-in ones, by the name of the email and its language. */
export const emailTemplates = pgTable(
  'email_templates',
  {
    tenantId: tenantId(),
    name: text('name').notNull(),
    locale: text('locale').notNull(),
    subject: text('subject').notNull(),
    body: text('body').notNull(),
    updatedBy: typeId('updated_by', 'usr').notNull(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.name, t.locale] })],
);
