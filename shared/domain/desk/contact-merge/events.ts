import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** Why contacts were merged. */
export const mergeReasons = ['manual', 'visitor-identified', 'same-address'] as const;

/** The source no longer exists for clients: its conversations are those of the target. */
export const contactMerged = defineEvent(
  'contact.merged',
  z.object({
    sourceId: idSchema('usr'),
    targetId: idSchema('usr'),
    reason: z.enum(mergeReasons),
    conversationCount: z.int(),
  }),
  { staff: 'payload', webhooks: true },
);
