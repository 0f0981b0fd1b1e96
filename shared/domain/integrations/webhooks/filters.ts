import { nearest } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';

const shape = /^(\*|[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)*(\.\*)?)$/;

/** Which events a webhook wants: names, or beginnings such as `conversation.*`; `*` is all. */
export const filters = z
  .array(
    z
      .string()
      .max(100, { abort: true })
      .regex(shape, 'A name such as message.created, conversation.* or *'),
  )
  .min(1)
  .max(50)
  .transform((all) => [...new Set(all)]);

/** Throws for a filter that none of the events with these names can pass. */
export function requireKnown(names: readonly string[], wanted: readonly string[]): void {
  for (const filter of wanted) {
    if (!names.some((name) => passes(filter, name))) {
      throw WebhookErrors.UnknownEvent(filter, nearest(filter, names));
    }
  }
}

/** Whether an event of this type passes; the same as `passesSql` says. */
export function passes(filter: string, type: string): boolean {
  if (filter === '*' || filter === type) return true;
  return filter.endsWith('.*') && type.startsWith(filter.slice(0, -1));
}
