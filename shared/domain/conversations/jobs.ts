import { idSchema } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const wakeConversation = defineJob({
  name: 'conversations.wake',
  queue: 'maintenance',
  payload: z.object({ conversationId: idSchema('cnv') }),
});
