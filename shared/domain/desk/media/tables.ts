import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { attachments } from '@insightdesk/shared/domain/desk/attachments';
import type { Loudness, ProbeResult } from '@insightdesk/shared/media';
import { foreignKey, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';

/** The processing status of a video or audio file; the results are variants of its attachment. */
export const mediaProcessing = pgTable(
  'media_processing',
  {
    tenantId: tenantId(),
    attachmentId: typeId('attachment_id', 'att').notNull(),
    status: text('status', {
      enum: ['waiting', 'working', 'ready', 'failed', 'cancelled'],
    }).notNull(),
    /** Why it waits or failed; an error code. */
    reason: text('reason'),
    jobId: text('job_id'),
    /** Number of started runs, including those in which the worker died. */
    attempts: smallint('attempts').notNull().default(0),
    metadata: jsonb('metadata').$type<ProbeResult>(),
    loudness: jsonb('loudness').$type<Loudness>(),
    createdAt: createdAt(),
    endedAt: instant('ended_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.attachmentId] }),
    foreignKey({
      name: 'media_processing_attachment_fk',
      columns: [t.tenantId, t.attachmentId],
      foreignColumns: [attachments.tenantId, attachments.id],
    }).onDelete('cascade'),
  ],
);
