import { createdAt, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenants';
import { isNull } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';

/** A derived file, kept beside the original under its name. */
export interface StoredVariant {
  name: string;
  contentType: string;
  sizeBytes: number;
  width?: number;
  height?: number;
  /** Of a thumbnail: a `data:` URL to be shown until it is there. */
  placeholder?: string;
}

export const attachments = pgTable(
  'attachments',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'att').notNull(),
    name: text('name').notNull(),
    contentType: text('content_type').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    sha256: text('sha256').notNull(),
    status: text('status', { enum: ['pending', 'ready', 'rejected'] }).notNull(),
    variants: jsonb('variants').$type<StoredVariant[]>().notNull().default([]),
    /** Why it was rejected; a code for machines. */
    rejection: text('rejection'),
    /** How often its processing was begun, deaths of the worker included. */
    attempts: smallint('attempts').notNull().default(0),
    uploadedBy: typeId('uploaded_by', 'usr').notNull(),
    /** Set once, when a message claims it. */
    conversationId: typeId('conversation_id', 'cnv'),
    messageId: typeId('message_id', 'msg'),
    /** The customer of that conversation, unless the message is a note. */
    customerId: typeId('customer_id', 'usr'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('attachments_unclaimed').on(t.createdAt).where(isNull(t.messageId)),
    index('attachments_message').on(t.tenantId, t.messageId),
  ],
);
