/** Facts: a typed catalog, recorded with the rows they speak of, relayed by one elected worker. */
export { type View, viewOf } from './audience.ts';
export { createEventCatalog, type EventsOf } from './catalog.ts';
export { defineEvent, type EventDefinition, type RecordedEvent } from './define-event.ts';
export {
  type Effects,
  type EffectsOf,
  effectsBy,
  type Reactions,
} from './effects.ts';
export { listPastEvents, type PastEventsQuery } from './list-past-events.ts';
export type { Origin } from './origin.ts';
export type { RelayedEvent } from './outbox.ts';
export { readOutboxLag, requireRelayProgress } from './outbox-lag.ts';
export { viewsByChannel } from './publications.ts';
export { record } from './record.ts';
export { createRelay, type Relay, type RelayOptions, UnprocessableEventError } from './relay.ts';
export { type LogPositions, OUTBOX_CHANNEL, outbox } from './tables.ts';
export { NewerEventError } from './upcast.ts';
