import { idSchema } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const processAttachment = defineJob({
  name: 'attachments.process',
  queue: 'media-processing',
  payload: z.object({ attachmentId: idSchema('att') }),
  timeoutMs: 120_000,
});
