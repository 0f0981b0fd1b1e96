import { idSchema } from '@insightdesk/shared/contract';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const payload = z.object({
  attachmentId: idSchema('att'),
  /** Set when an earlier job had to wait for ffmpeg, or found that the file is long. */
  wait: z
    .object({
      count: z.int().min(0),
      /** The job of the event: the ids of waiting jobs derive from its id. */
      firstJobId: z.string(),
      previousJobId: z.string(),
    })
    .optional(),
});

/** Converts a video or audio file; a long one is left to `processLongMedia`. */
export const processMedia = defineJob({
  name: 'media.process',
  triggeredBy: ['attachment.uploaded', 'attachment.ready', 'recording.requested'],
  queue: 'media-processing',
  // Images of an organization are processed first.
  priority: JobPriority.LOW,
  payload,
  // One per organization at a time is fair to the others.
  limit: { key: () => 'all', concurrent: 1 },
  timeoutMs: 1_800_000,
});

/**
 * Converts a long video or audio file. In a queue of its own, so that it delays neither images nor
 * short files; a worker runs as many as have a process of ffmpeg, so none waits while it runs.
 */
export const processLongMedia = defineJob({
  name: 'media.process-long',
  triggeredBy: ['job'],
  queue: 'media-conversion',
  payload,
  limit: { key: () => 'all', concurrent: 1 },
  timeoutMs: 7_200_000,
});
