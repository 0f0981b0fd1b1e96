import { email, singleLine, text } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** A system of the organization requested an email to a member. */
export const emailRequested = defineEvent(
  'email/send.requested',
  z.strictObject({
    to: z.union([idSchema('usr'), email()]).describe('A member, by id or address'),
    subject: singleLine(200),
    body: text(20_000).describe('Plain text; an empty line separates paragraphs'),
  }),
  { audit: ({ to }) => ({ to }) },
);

const template = z.object({ name: z.string(), locale: z.string() });

export const emailTemplateUpdated = defineEvent('email-template.updated', template);

export const emailTemplateDeleted = defineEvent('email-template.deleted', template);
