import type { EventCatalog, EventDefinition } from '@insightdesk/shared/events';

/** What webhooks may be told of, of all that happens. */
export const publicEvents = (events: EventCatalog): EventDefinition[] =>
  Object.values(events).filter(({ audience }) => audience.webhooks);
