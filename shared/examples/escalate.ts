import { defineAction, text } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { getConversation } from '@insightdesk/shared/domain/desk/conversations';
import { defineEvent, type RecordedEvent, record } from '@insightdesk/shared/events';
import { defineJob, jobFor } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const escalationPayload = z.object({ conversationId: idSchema('cnv'), reason: z.string() });

/** An event: published to all staff and to webhooks. */
export const conversationEscalated = defineEvent('conversation.escalated', escalationPayload, {
  staff: 'payload',
  webhooks: true,
});

/** A job: runs later. */
export const pageOnCall = defineJob({
  name: 'escalations.page',
  triggeredBy: ['conversation.escalated'],
  queue: 'maintenance',
  payload: escalationPayload,
});

/** An action: records the event in its transaction. */
export const escalateConversation = defineAction({
  summary: 'Escalate a conversation',
  input: z.strictObject({ id: idSchema('cnv'), reason: text(500) }),
  output: escalationPayload,
  allow: 'conversations:manage',
  transaction: 'write',
  async run(ctx, { id, reason }) {
    const { id: conversationId } = await getConversation(ctx, { id });
    await record(ctx, conversationEscalated, { conversationId, reason });
    return { conversationId, reason };
  },
});

/** A reaction: the jobs that the event causes. */
export const reactions = {
  'conversation.escalated': (event: RecordedEvent<typeof conversationEscalated>) => [
    jobFor(event, pageOnCall, event.payload),
  ],
};
