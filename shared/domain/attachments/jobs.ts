import { defineJob } from '@insightdesk/shared/jobs';
import { idSchema } from '@insightdesk/shared/utils';
import { z } from 'zod';

export const processAttachment = defineJob({
  name: 'attachments.process',
  queue: 'media-processing',
  payload: z.object({ attachmentId: idSchema('att') }),
  timeoutMs: 120_000,
});
