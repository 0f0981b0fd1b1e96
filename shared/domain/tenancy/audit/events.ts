import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** Entries up to `through`, whose hash is `link`, are older than `before` and will be deleted. */
export const auditPruned = defineEvent(
  'audit.pruned',
  z.object({ through: z.int(), link: z.string(), entries: z.int(), before: z.iso.datetime() }),
);

/** An operator runs a command that records no event of its own; `by` is the operating system user. */
export const operatorActed = defineEvent(
  'operator.acted',
  z.object({ act: z.string(), target: z.string().nullable(), by: z.string().nullable() }),
);
