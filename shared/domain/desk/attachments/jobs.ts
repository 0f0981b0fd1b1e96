import { idSchema } from '@insightdesk/shared/contract';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const processAttachment = defineJob({
  name: 'attachments.process',
  triggeredBy: ['attachment.uploaded'],
  queue: 'media-processing',
  payload: z.object({ attachmentId: idSchema('att') }),
  timeoutMs: 600_000,
  // About ten minutes: the antivirus may be unavailable for a while.
  attempts: 9,
});

/** Deletes uploads that no message claimed within a day. */
export const expireUploads = defineJob({
  name: 'attachments.expire-uploads',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({}),
  timeoutMs: 600_000,
});

/** Deletes the files of an attachment that was deleted or rejected. */
export const deleteFiles = defineJob({
  name: 'attachments.delete-files',
  triggeredBy: ['attachment.deleted', 'attachment.rejected'],
  queue: 'maintenance',
  payload: z.object({ attachmentId: idSchema('att') }),
});

/** Reconciles stored files with database rows. */
export const reconcileFiles = defineJob({
  name: 'attachments.reconcile-files',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOWEST,
  payload: z.object({}),
  timeoutMs: 3_600_000,
});
