import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';

/** Which sessions of a person end: those that began before a moment, but one. */
export const olderSessions = z.object({
  userId: idSchema('usr'),
  before: z.iso.datetime(),
  exceptSessionId: idSchema('ses').optional(),
});
