import { defineAction, text } from '@insightdesk/shared/context';
import { Channels, idSchema, staffRoles } from '@insightdesk/shared/contract';
import { getConversation } from '@insightdesk/shared/domain/conversations';
import { defineEvent, type RecordedEvent, record } from '@insightdesk/shared/events';
import { defineJob, jobFor } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const escalation = z.object({ conversationId: idSchema('cnv'), reason: z.string() });

/** An event: something is now true. */
export const conversationEscalated = defineEvent('conversation.escalated', escalation);

/** A job: something must happen later. */
export const pageOnCall = defineJob({
  name: 'escalations.page',
  queue: 'maintenance',
  payload: escalation,
});

/** An action: somebody does something; the event is recorded in the same transaction. */
export const escalateConversation = defineAction({
  summary: 'Escalate a conversation',
  input: z.strictObject({ id: idSchema('cnv'), reason: text(500) }),
  output: escalation,
  allow: staffRoles,
  transaction: 'write',
  async run(ctx, { id, reason }) {
    const { id: conversationId } = await getConversation(ctx, { id });
    await record(ctx, conversationEscalated, { conversationId, reason });
    return { conversationId, reason };
  },
});

/** A reaction: what follows from the event, to be told and to be done. */
export const onEscalated = (event: RecordedEvent<typeof conversationEscalated>) => ({
  publish: [
    { channel: Channels.organization(event.tenantId), type: event.name, data: event.payload },
  ],
  enqueue: [jobFor(event, pageOnCall, event.payload)],
});
