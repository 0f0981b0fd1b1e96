import type { EventDefinition } from './define-event.ts';

/** Every event by its name. */
export type EventCatalog = Readonly<Record<string, EventDefinition>>;

/** The event definitions that a module namespace (`import * as …`) exports. */
export type EventsOf<M> = Extract<M[keyof M], EventDefinition>;

/** Puts together what module namespaces export; throws when two events have one name. */
export function catalogOf(...modules: readonly object[]): EventCatalog {
  const events = modules.flatMap((module) => Object.values(module).filter(isEvent));
  const catalog = Object.fromEntries(events.map((event) => [event.name, event]));
  const twice = events.find((event) => catalog[event.name] !== event);
  if (twice) throw new Error(`Two events are named ${twice.name}`);
  return catalog;
}

const isEvent = (value: unknown): value is EventDefinition =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'event';
