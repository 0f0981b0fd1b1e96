import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';

/** The sessions of a user that began before a time, except one. */
export const olderSessions = z.object({
  userId: idSchema('usr'),
  before: z.iso.datetime(),
  exceptSessionId: idSchema('ses').optional(),
});
