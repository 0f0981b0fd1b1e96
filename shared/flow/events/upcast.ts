import { TechnicalError } from '@insightdesk/shared/errors';
import type { EventDefinition, RecordedEvent } from './define-event.ts';

/** The event was recorded by a later release: whoever runs that one knows what follows from it. */
export class NewerEventError extends TechnicalError {}

/** The event with its payload in today's shape; throws when it does not become that. */
export function upcast(definition: EventDefinition, event: RecordedEvent): RecordedEvent {
  const { name, version } = event;
  if (definition.version === version) return event;
  if (version > definition.version) {
    throw new NewerEventError(`${name} is of version ${version}, known are ${definition.version}`);
  }
  let payload: unknown = event.payload;
  for (let from = version; from < definition.version; from++) {
    payload = definition.upcasts[from]?.(payload as Record<string, unknown>);
  }
  return { ...event, version: definition.version, payload: definition.payload.parse(payload) };
}
