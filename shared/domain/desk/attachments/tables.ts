import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { eq, isNull, sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uuid,
} from 'drizzle-orm/pg-core';

/** A derived file, stored beside the original under its name. */
export interface StoredVariant {
  name: string;
  contentType: string;
  sizeBytes: number;
  width?: number;
  height?: number;
  /** Of a thumbnail: a `data:` URL to show until the image has loaded. */
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
    /** Number of times processing started, including those in which the worker died. */
    attempts: smallint('attempts').notNull().default(0),
    /** Not checked yet: visible to its uploader only. */
    quarantined: boolean('quarantined').notNull().default(false),
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
    index('attachments_pending').on(t.createdAt).where(eq(t.status, sql`'pending'`)),
  ],
);

const bytes = (name: string) => bigint(name, { mode: 'number' });

/** Uploads in progress, and complete ones that wait to be assembled. */
export const uploads = pgTable(
  'uploads',
  {
    tenantId: tenantId().references(() => organizations.id),
    /** The id of the attachment that it becomes. */
    id: typeId('id', 'att').notNull(),
    kind: text('kind', { enum: ['resumable', 'direct'] }).notNull(),
    name: text('name').notNull(),
    /** The exact number of bytes that the client declared. */
    sizeBytes: bytes('size_bytes').notNull(),
    /** The checksum that the client declared; lower-case hex. */
    sha256: text('sha256'),
    /** Metadata of a resumable upload, as the client sent it. */
    metadata: jsonb('metadata').$type<Record<string, string | null>>().notNull().default({}),
    uploadedBy: typeId('uploaded_by', 'usr').notNull(),
    receivedBytes: bytes('received_bytes').notNull().default(0),
    parts: integer('parts').notNull().default(0),
    /** The request that may append to it; it renews `lockedUntil` while it is alive. */
    lockedBy: uuid('locked_by'),
    lockedUntil: instant('locked_until'),
    /** Another request waits for the lock. */
    releaseRequested: boolean('release_requested').notNull().default(false),
    completedAt: instant('completed_at'),
    expiresAt: instant('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('uploads_expiry').on(t.expiresAt),
    index('uploads_uploader').on(t.tenantId, t.uploadedBy),
  ],
);

/** The received parts of an upload, each stored as a file beside the future original. */
export const uploadParts = pgTable(
  'upload_parts',
  {
    tenantId: tenantId(),
    uploadId: typeId('upload_id', 'att').notNull(),
    start: bytes('start').notNull(),
    sizeBytes: bytes('size_bytes').notNull(),
    file: text('file').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.uploadId, t.start] }),
    foreignKey({
      columns: [t.tenantId, t.uploadId],
      foreignColumns: [uploads.tenantId, uploads.id],
    }).onDelete('cascade'),
  ],
);

/** Which files an organization accepts; null is no own limit. */
export const filePolicies = pgTable('file_policies', {
  tenantId: typeId('tenant_id', 'org')
    .primaryKey()
    .references(() => organizations.id),
  maxFileBytes: bytes('max_file_bytes'),
  allowedTypes: jsonb('allowed_types').$type<string[]>(),
  refusedTypes: jsonb('refused_types').$type<string[]>().notNull().default([]),
});
