import { TechnicalError } from '@insightdesk/shared/errors';
import type { EventDefinition, RecordedEvent } from './define-event.ts';

/** The event was recorded by a later release, and a worker of that release must relay it. */
export class NewerEventError extends TechnicalError {}

/** Converts the payload to the current version; throws when the result is invalid. */
export function upcast(definition: EventDefinition, event: RecordedEvent): RecordedEvent {
  const { name, version } = event;
  if (definition.version === version) return event;
  if (version > definition.version) {
    throw new NewerEventError(
      `${name} has version ${version}, this release knows ${definition.version}`,
    );
  }
  let payload: unknown = event.payload;
  for (let from = version; from < definition.version; from++) {
    payload = definition.upcasts[from]?.(payload as Record<string, unknown>);
  }
  return { ...event, version: definition.version, payload: definition.payload.parse(payload) };
}
