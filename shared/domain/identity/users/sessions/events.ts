import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

const session = z.object({ sessionId: idSchema('ses'), userId: idSchema('usr') });

export const sessionCreated = defineEvent('session.created', session);

export const sessionRevoked = defineEvent('session.revoked', session, {
  recipient: { userId: ({ userId }) => userId, view: 'payload' },
});
