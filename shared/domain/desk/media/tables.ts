import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { attachments } from '@insightdesk/shared/domain/desk/attachments';
import type { Loudness, ProbeResult } from '@insightdesk/shared/media';
import { foreignKey, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';

/** How the work on a video or a sound goes; what is made of it are variants of its attachment. */
export const mediaFiles = pgTable(
  'recordings',
  {
    tenantId: tenantId(),
    attachmentId: typeId('attachment_id', 'att').notNull(),
    status: text('status', {
      enum: ['waiting', 'working', 'ready', 'failed', 'cancelled'],
    }).notNull(),
    /** Why it waits or has failed; a code for machines. */
    reason: text('reason'),
    /** Which job is at it. */
    jobId: text('job_id'),
    /** How often it was begun, deaths of the worker included. */
    attempts: smallint('attempts').notNull().default(0),
    facts: jsonb('facts').$type<ProbeResult>(),
    loudness: jsonb('loudness').$type<Loudness>(),
    createdAt: createdAt(),
    endedAt: instant('ended_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.attachmentId] }),
    foreignKey({
      name: 'recordings_attachment_fk',
      columns: [t.tenantId, t.attachmentId],
      foreignColumns: [attachments.tenantId, attachments.id],
    }).onDelete('cascade'),
  ],
);
