import { Channels } from '@insightdesk/shared/contract';
import type { EventCatalog } from './catalog.ts';
import type { EventDefinition, RecordedEvent } from './define-event.ts';
import { idsIn } from './origin.ts';
import { type Publication, publicationsOf } from './publications.ts';
import { upcast } from './upcast.ts';

/** The jobs that follow from each event; an event without a line here does not compile. */
export type Reactions<E extends EventDefinition, J> = {
  [N in E['name']]: (event: RecordedEvent<Extract<E, { name: N }>>) => J[];
};

/** What follows from an event. */
export interface Consequences<J> {
  /** Entries for channels, by the audience of the event's definition. */
  publish: Publication[];
  /** What webhooks are told. */
  webhook?: Pick<Publication, 'type' | 'data'>;
  /** Jobs to be enqueued. */
  enqueue: J[];
  /** Tags of what the tenant's cache must drop. */
  forget: readonly string[];
  /** What the audit log says, if it says anything. */
  audit?: unknown;
}

/** Tells what follows from an event, of whatever version; undefined when nobody knows its name. */
export type ConsequencesOf<J> = (event: RecordedEvent) => Consequences<J> | undefined;

/** What follows from events by their definitions and by the jobs that they cause; no side effects. */
export function consequencesBy<J>(
  catalog: EventCatalog,
  reactions: Readonly<Record<string, (event: never) => J[]>>,
): ConsequencesOf<J> {
  return (recorded) => {
    const definition = catalog[recorded.name];
    const react = reactions[recorded.name];
    if (!definition || !react) return undefined;
    const event = upcast(definition, recorded);
    const { audience, forgets: forget } = definition;
    const publish = publicationsOf(audience, event);
    const staff = Channels.organization(event.tenantId);
    const webhook = audience.webhooks && publish.find(({ channel }) => channel === staff);
    const enqueue = react(event as never);
    const audit = definition.audit?.(event.payload) ?? (event.origin && idsIn(event.payload));
    return { publish, enqueue, forget, ...(webhook && { webhook }), ...(audit && { audit }) };
  };
}
