import { idSchema } from '@insightdesk/shared/contract';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const processAttachment = defineJob({
  name: 'attachments.process',
  triggeredBy: ['attachment.uploaded'],
  queue: 'media-processing',
  payload: z.object({ attachmentId: idSchema('att') }),
  // Pictures are decoded one at a time: it may wait for others first.
  timeoutMs: 600_000,
  // Some ten minutes: what looks into files may be away for a while.
  attempts: 9,
});

/** Removes uploads that no message claimed within a day. */
export const expireUploads = defineJob({
  name: 'attachments.collect-unclaimed',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({}),
  timeoutMs: 600_000,
});

/** Removes the files of what its uploader took back, or what was rejected. */
export const deleteFiles = defineJob({
  name: 'attachments.delete-discarded',
  triggeredBy: ['attachment.discarded', 'attachment.rejected'],
  queue: 'maintenance',
  payload: z.object({ attachmentId: idSchema('att') }),
});

/** Compares what storage has with what the database knows of. */
export const reconcileFiles = defineJob({
  name: 'attachments.sweep-files',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOWEST,
  payload: z.object({}),
  timeoutMs: 3_600_000,
});
