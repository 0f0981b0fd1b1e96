import { defineJob } from '@insightdesk/shared/jobs';
import { idSchema } from '@insightdesk/shared/utils';
import { z } from 'zod';

export const wakeConversation = defineJob({
  name: 'conversations.wake',
  queue: 'maintenance',
  payload: z.object({ conversationId: idSchema('cnv') }),
});
