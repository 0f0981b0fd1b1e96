import { idSchema } from '@insightdesk/shared/contract';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const processAttachment = defineJob({
  name: 'attachments.process',
  queue: 'media-processing',
  payload: z.object({ attachmentId: idSchema('att') }),
  // Pictures are decoded one at a time: it may wait for others first.
  timeoutMs: 600_000,
});

/** Removes uploads that no message claimed within a day. */
export const collectUnclaimed = defineJob({
  name: 'attachments.collect-unclaimed',
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({}),
  timeoutMs: 600_000,
});
