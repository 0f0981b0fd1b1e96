import { idSchema } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const unsnoozeConversation = defineJob({
  name: 'conversations.unsnooze',
  triggeredBy: ['conversation.updated'],
  queue: 'maintenance',
  payload: z.object({ conversationId: idSchema('cnv') }),
});

/** Unassigns the conversations of a former member of staff. */
export const unassignConversations = defineJob({
  name: 'conversations.unassign',
  triggeredBy: ['member.updated', 'member.removed'],
  queue: 'maintenance',
  timeoutMs: 300_000,
  attempts: 8,
  payload: z.object({ userId: idSchema('usr') }),
});
