import { TechnicalError } from '@insightdesk/shared/errors';
import type { EventDefinition, RecordedEvent } from './define-event.ts';

/** Every event by its name. */
export type EventCatalog = Readonly<Record<string, EventDefinition>>;

/** The event was recorded by a later release: whoever runs that one knows what follows from it. */
export class NewerEventError extends TechnicalError {}

/** Puts together what module namespaces (`import * as …`) export. */
export function catalogOf(...modules: readonly object[]): EventCatalog {
  const events = modules.flatMap((module) => Object.values(module).filter(isEvent));
  return Object.fromEntries(events.map((event) => [event.name, event]));
}

const isEvent = (value: unknown): value is EventDefinition =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'event';

/** The event with its payload in today's shape; throws when it does not become that. */
export function upcast(catalog: EventCatalog, event: RecordedEvent): RecordedEvent {
  const { name, version } = event;
  const definition = catalog[name];
  if (!definition || definition.version === version) return event;
  if (version > definition.version) {
    throw new NewerEventError(`${name} is of version ${version}, known are ${definition.version}`);
  }
  let payload: unknown = event.payload;
  for (let from = version; from < definition.version; from++) {
    payload = definition.upcasts[from]?.(payload as Record<string, unknown>);
  }
  return { ...event, version: definition.version, payload: definition.payload.parse(payload) };
}

/** The same reactions, for payloads of any version. */
export function forAnyVersion<C>(
  reactions: Readonly<Record<string, (event: never) => C>>,
  catalog: EventCatalog,
): Record<string, (event: RecordedEvent) => C> {
  return Object.fromEntries(
    Object.entries(reactions).map(([name, react]) => [
      name,
      (event: RecordedEvent) => react(upcast(catalog, event) as never),
    ]),
  );
}
