import { idSchema } from '@insightdesk/shared/contract';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

/** Makes what is made of a video or a sound. */
export const processMedia = defineJob({
  name: 'recordings.prepare',
  triggeredBy: ['attachment.uploaded', 'attachment.ready', 'recording.requested'],
  queue: 'media-processing',
  // An organisation's pictures come first.
  priority: JobPriority.LOW,
  payload: z.object({
    attachmentId: idSchema('att'),
    /** How often it has waited for ffmpeg. */
    waits: z.int().min(0).optional(),
  }),
  // It may take minutes: one of an organisation at a time, so that others have their turn.
  limit: { key: () => 'all', concurrent: 1 },
  timeoutMs: 1_800_000,
});
