import { idSchema } from '@insightdesk/shared/contract';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

/** Converts a video or audio file. */
export const processMedia = defineJob({
  name: 'media.process',
  triggeredBy: ['attachment.uploaded', 'attachment.ready', 'recording.requested'],
  queue: 'media-processing',
  // Images of an organization are processed first.
  priority: JobPriority.LOW,
  payload: z.object({
    attachmentId: idSchema('att'),
    /** Set when an earlier job had to wait for ffmpeg. */
    wait: z
      .object({
        count: z.int().min(1),
        /** The job of the event: the ids of waiting jobs derive from its id. */
        firstJobId: z.string(),
        previousJobId: z.string(),
      })
      .optional(),
  }),
  // A conversion may take minutes: one per organization at a time is fair to the others.
  limit: { key: () => 'all', concurrent: 1 },
  timeoutMs: 1_800_000,
});
