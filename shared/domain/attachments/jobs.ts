import { idSchema } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const processAttachment = defineJob({
  name: 'attachments.process',
  queue: 'media-processing',
  payload: z.object({ attachmentId: idSchema('att') }),
  // Pictures are decoded one at a time: it may wait for others first.
  timeoutMs: 600_000,
});
