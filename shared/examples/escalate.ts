import { defineAction, text } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { getConversation } from '@insightdesk/shared/domain/desk/conversations';
import { defineEvent, type RecordedEvent, record } from '@insightdesk/shared/events';
import { defineJob, jobFor } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const escalation = z.object({ conversationId: idSchema('cnv'), reason: z.string() });

/** An event: something is now true; all staff hears of it, and so do webhooks. */
export const conversationEscalated = defineEvent('conversation.escalated', escalation, {
  staff: 'payload',
  webhooks: true,
});

/** A job: something must happen later. */
export const pageOnCall = defineJob({
  name: 'escalations.page',
  triggeredBy: ['conversation.escalated'],
  queue: 'maintenance',
  payload: escalation,
});

/** An action: somebody does something; the event is recorded in the same transaction. */
export const escalateConversation = defineAction({
  summary: 'Escalate a conversation',
  input: z.strictObject({ id: idSchema('cnv'), reason: text(500) }),
  output: escalation,
  allow: 'conversations:manage',
  transaction: 'write',
  async run(ctx, { id, reason }) {
    const { id: conversationId } = await getConversation(ctx, { id });
    await record(ctx, conversationEscalated, { conversationId, reason });
    return { conversationId, reason };
  },
});

/** A reaction: the jobs that follow from the event. */
export const reactions = {
  'conversation.escalated': (event: RecordedEvent<typeof conversationEscalated>) => [
    jobFor(event, pageOnCall, event.payload),
  ],
};
