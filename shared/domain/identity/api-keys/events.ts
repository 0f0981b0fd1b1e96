import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

const key = z.object({ keyId: idSchema('key'), userId: idSchema('usr') });

export const apiKeyCreated = defineEvent(
  'api-key.created',
  key.extend({ name: z.string(), createdBy: idSchema('usr') }),
);

/** The previous secret works until `overlapUntil`. */
export const apiKeyRotated = defineEvent(
  'api-key.rotated',
  key.extend({ overlapUntil: z.iso.datetime() }),
  { recipient: { userId: ({ userId }) => userId, view: 'payload' } },
);

export const apiKeyOverlapEnded = defineEvent('api-key.overlap-ended', key, {
  recipient: { userId: ({ userId }) => userId, view: 'payload' },
});

export const apiKeyRevoked = defineEvent('api-key.revoked', key, {
  recipient: { userId: ({ userId }) => userId, view: 'payload' },
});
