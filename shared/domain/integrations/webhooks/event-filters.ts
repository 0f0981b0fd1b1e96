import { EventIngestErrors } from '@insightdesk/shared/domain/integrations/event-ingest';
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';

const shape = /^(\*|[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)*(\.\*)?)$/;

/** Event filters of a webhook: names, prefixes such as `conversation.*`, or `*` for all. */
export const eventFilters = z
  .array(
    z
      .string()
      .max(100, { abort: true })
      .regex(shape, 'A name such as message.created, conversation.* or *'),
  )
  .min(1)
  .max(50)
  .transform((all) => [...new Set(all)]);

/** Throws for a filter that matches none of these event names. */
export function requireKnownEvents(
  names: readonly string[],
  eventFilters: readonly string[],
): void {
  for (const filter of eventFilters) {
    if (!names.some((name) => matchesFilter(filter, name))) {
      throw EventIngestErrors.UnknownEvent('events', filter, names);
    }
  }
}

/** Whether the filter matches this event type; `matchesFilterSql` in TypeScript. */
function matchesFilter(filter: string, type: string): boolean {
  if (filter === '*' || filter === type) return true;
  return filter.endsWith('.*') && type.startsWith(filter.slice(0, -1));
}

/** Whether a filter of the webhook `w` matches the event `e`; `matchesFilter` in SQL. */
export const matchesFilterSql: SQL = sql`exists (
  select from unnest(w.events) f
  where f = '*' or f = e.type or (f like '%.*' and starts_with(e.type, left(f, -1))))`;
