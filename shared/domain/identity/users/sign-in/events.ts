import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** An operator acts as a member, until then at most. */
export const impersonationStarted = defineEvent(
  'impersonation.started',
  z.object({
    userId: idSchema('usr'),
    sessionId: idSchema('ses'),
    operator: z.string(),
    reason: z.string(),
    until: z.iso.datetime(),
  }),
  { staff: 'payload' },
);

export const impersonationEnded = defineEvent(
  'impersonation.ended',
  z.object({ userId: idSchema('usr'), sessionId: idSchema('ses') }),
  { staff: 'payload' },
);
