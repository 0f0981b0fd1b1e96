import { idSchema } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';

/** Moves the conversations that a merge has left, in batches. */
export const moveConversations = defineJob({
  name: 'contact-merge.move-conversations',
  triggeredBy: ['contact.merged'],
  queue: 'maintenance',
  timeoutMs: 300_000,
  attempts: 8,
  payload: z.object({ sourceId: idSchema('usr'), targetId: idSchema('usr') }),
});

/** Merges the contact that staff opened by the address of a customer who has joined since. */
export const mergeSameAddress = defineJob({
  name: 'contact-merge.same-address',
  triggeredBy: ['member.joined'],
  queue: 'maintenance',
  payload: z.object({ userId: idSchema('usr') }),
});
