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

/** An operator is about to do something that no event of its own tells of; by its account on the machine. */
export const operatorActed = defineEvent(
  'operator.acted',
  z.object({ act: z.string(), target: z.string().nullable(), by: z.string().nullable() }),
);
