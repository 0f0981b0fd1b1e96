import { type Id, idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

const key = z.object({ keyId: idSchema('key'), userId: idSchema('usr') });

/** Those who hold a socket by the key, which hears of it under its own member's name. */
const holders = {
  person: { who: ({ userId }: { userId: Id<'usr'> }) => userId, sees: 'payload' },
} as const;

export const keyCreated = defineEvent(
  'api-key.created',
  key.extend({ name: z.string(), createdBy: idSchema('usr') }),
);

/** The secret before this one is good until `overlapUntil`. */
export const keyRotated = defineEvent(
  'api-key.rotated',
  key.extend({ overlapUntil: z.iso.datetime() }),
  holders,
);

/** The overlap is over. */
export const keyOverlapEnded = defineEvent('api-key.overlap-ended', key, holders);

export const keyRevoked = defineEvent('api-key.revoked', key, holders);
