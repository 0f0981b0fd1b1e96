import { text } from '@insightdesk/shared/context';
import { z } from 'zod';
import { eventFilters } from './event-filters.ts';

/** The fields of a webhook that clients can write. */
export const webhookFields = {
  url: z
    .string()
    .max(2_000, { abort: true })
    .refine((value) => !value.includes('\0'), 'Must not contain NUL')
    .check(z.url()),
  description: text(500, 0),
  events: eventFilters,
  enabled: z.boolean(),
};
