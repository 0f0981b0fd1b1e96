/** Facts: a typed catalog, recorded with the rows they speak of, relayed by one elected worker. */
export { type Audience, sees, type View } from './audience.ts';
export { catalogOf, type EventCatalog, type EventsOf } from './catalog.ts';
export {
  defineEvent,
  type EventDefinition,
  type RecordedEvent,
  type Upcast,
} from './define-event.ts';
export {
  type Effects,
  type EffectsOf,
  effectsBy,
  type Reactions,
} from './effects.ts';
export type { Origin } from './origin.ts';
export type { RelayedEvent } from './outbox.ts';
export { readOutboxLag } from './outbox-lag.ts';
export { type PastEvents, pastEvents } from './past-events.ts';
export { type Publication, viewsByChannel } from './publications.ts';
export { record } from './record.ts';
export { createRelay, PoisonEventError, type Relay, type RelayOptions } from './relay.ts';
export { OUTBOX_CHANNEL, outbox, type Places } from './tables.ts';
export { NewerEventError } from './upcast.ts';
