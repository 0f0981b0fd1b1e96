import type { EventDefinition } from './define-event.ts';

/** Event definitions by name. */
export type EventCatalog = Readonly<Record<string, EventDefinition>>;

/** The event definitions that a module namespace (`import * as …`) exports. */
export type EventsOf<M> = Extract<M[keyof M], EventDefinition>;

/** Collects the events that modules export; throws when two have the same name. */
export function createEventCatalog(...modules: readonly object[]): EventCatalog {
  const events = modules.flatMap((module) => Object.values(module).filter(isEvent));
  const catalog = Object.fromEntries(events.map((event) => [event.name, event]));
  const duplicate = events.find((event) => catalog[event.name] !== event);
  if (duplicate) throw new Error(`Duplicate event ${duplicate.name}`);
  return catalog;
}

const isEvent = (value: unknown): value is EventDefinition =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'event';
