import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** Entries up to `through`, whose hash is `link`, are older than `before` and leave the log. */
export const auditPruned = defineEvent(
  'audit.pruned',
  z.object({
    through: z.int(),
    link: z.string(),
    entries: z.int(),
    before: z.iso.datetime(),
  }),
);
