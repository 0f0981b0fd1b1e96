/** Facts: a typed catalog, recorded with the rows they speak of, relayed by one elected worker. */
export {
  defineEvent,
  type EventDefinition,
  type RecordedEvent,
  type Upcast,
} from './define-event.ts';
export type { RelayedEvent } from './outbox.ts';
export { type PastEvents, pastEvents } from './past-events.ts';
export type { Consequences, EventsOf, Publication, Reactions } from './reactions.ts';
export { record } from './record.ts';
export { createRelay, PoisonEventError, type Relay, type RelayOptions } from './relay.ts';
export { outbox, type Places } from './tables.ts';
export { catalogOf, type EventCatalog, forAnyVersion, NewerEventError, upcast } from './upcast.ts';
