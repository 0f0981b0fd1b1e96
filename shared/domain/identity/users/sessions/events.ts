import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** The sessions of a user that began before a time, except one. */
export const olderSessions = z.object({
  userId: idSchema('usr'),
  before: z.iso.datetime(),
  exceptSessionId: idSchema('ses').optional(),
});

const session = z.object({ sessionId: idSchema('ses'), userId: idSchema('usr') });

export const sessionCreated = defineEvent('session.created', session);

export const sessionRevoked = defineEvent('session.revoked', session, {
  recipient: { userId: ({ userId }) => userId, view: 'payload' },
});
