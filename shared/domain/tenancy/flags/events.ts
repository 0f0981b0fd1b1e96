import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** Cache tag of an organization's flags. */
export const FLAGS_TAG = 'flags';

export const flagUpdated = defineEvent(
  'flag.updated',
  z.object({ name: z.string(), value: z.unknown(), previous: z.unknown() }),
  { staff: 'payload', invalidates: [FLAGS_TAG] },
);
