import { idSchema } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const unsnoozeConversation = defineJob({
  name: 'conversations.wake',
  triggeredBy: ['conversation.updated'],
  queue: 'maintenance',
  payload: z.object({ conversationId: idSchema('cnv') }),
});

/** Takes the conversations of a former member of staff away from them. */
export const unassignConversations = defineJob({
  name: 'conversations.unassign',
  triggeredBy: ['member.updated', 'member.removed'],
  queue: 'maintenance',
  timeoutMs: 300_000,
  attempts: 8,
  payload: z.object({ userId: idSchema('usr') }),
});
