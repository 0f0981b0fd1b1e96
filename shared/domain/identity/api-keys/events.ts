import { type Id, idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** The user that the key writes as. */
const recipient = {
  userId: ({ userId }: { userId: Id<'usr'> }) => userId,
  view: 'payload',
} as const;

const key = z.object({ keyId: idSchema('key'), userId: idSchema('usr') });

export const apiKeyCreated = defineEvent(
  'api-key.created',
  key.extend({ name: z.string(), createdBy: idSchema('usr') }),
);

/** The previous secret works until `overlapUntil`. */
export const apiKeyRotated = defineEvent(
  'api-key.rotated',
  key.extend({ overlapUntil: z.iso.datetime() }),
  { recipient },
);

export const apiKeyOverlapEnded = defineEvent('api-key.overlap-ended', key, { recipient });

export const apiKeyRevoked = defineEvent('api-key.revoked', key, { recipient });
