import { email, line, text } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** One of the organisation's own systems wants a member to get an e-mail. */
export const emailRequested = defineEvent(
  'email/send.requested',
  z.strictObject({
    to: z.union([idSchema('usr'), email()]).describe('A member, by id or address'),
    subject: line(200),
    body: text(20_000).describe('Plain text; an empty line parts paragraphs'),
  }),
  { audit: ({ to }) => ({ to }) },
);
