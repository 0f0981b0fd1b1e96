import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';
import { contactView } from './view.ts';

const payload = z.object({ contact: contactView });

/** The audit log has no personal data. */
const options = {
  staff: 'payload',
  webhooks: true,
  audit: ({ contact }: z.output<typeof payload>) => ({
    contactId: contact.id,
    externalId: contact.externalId,
    blocked: contact.blocked,
  }),
} as const;

export const contactCreated = defineEvent('contact.created', payload, options);

export const contactUpdated = defineEvent('contact.updated', payload, options);

/** An API key acted for a contact; the origin of the event says which key. */
export const contactActedFor = defineEvent(
  'contact.acted-for',
  z.object({
    contactId: idSchema('usr'),
    action: z.enum(['conversation.opened', 'message.sent', 'session.created']),
    conversationId: idSchema('cnv').optional(),
  }),
);
