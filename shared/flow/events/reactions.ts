import type { EventDefinition, RecordedEvent } from './define-event.ts';

/** The event definitions that a module namespace (`import * as …`) exports. */
export type EventsOf<M> = Extract<M[keyof M], EventDefinition>;

/** One entry for a channel's log. */
export interface Publication {
  channel: string;
  type: string;
  data: unknown;
}

/** What follows from an event: entries for channels and jobs `J`, computed without side effects. */
export interface Consequences<J> {
  publish?: Publication[];
  enqueue?: J[];
  /** Tags of what the tenant's cache must drop: those of the event's definition. */
  forget?: readonly string[];
}

/** What follows from each event; an event without a line here does not compile. */
export type Reactions<E extends EventDefinition, J> = {
  [N in E['name']]: (event: RecordedEvent<Extract<E, { name: N }>>) => Consequences<J>;
};
