import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** What is remembered of an organisation's flags. */
export const FLAGS_TAG = 'flags';

/** A flag has another value from now on. */
export const flagChanged = defineEvent(
  'flag.changed',
  z.object({ name: z.string(), value: z.unknown(), previous: z.unknown() }),
  { staff: 'payload', forgets: [FLAGS_TAG] },
);
