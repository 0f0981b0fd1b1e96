import { Channels } from '@insightdesk/shared/contract';
import type { EventCatalog } from './catalog.ts';
import type { EventDefinition, RecordedEvent } from './define-event.ts';
import { idsIn } from './origin.ts';
import { type Publication, publicationsOf } from './publications.ts';
import { upcast } from './upcast.ts';

/**
 * The jobs that events trigger, by the name of the event. An event that a job of `J` names in
 * `triggeredBy` must be listed, all others must not.
 */
export type Reactions<E extends EventDefinition, J extends Triggered, R> = {
  [N in TriggerOf<J>]: N extends E['name']
    ? (event: RecordedEvent<Extract<E, { name: N }>>) => R[]
    : never;
};

interface Triggered {
  readonly triggeredBy: readonly string[];
}

/** The names of events in `triggeredBy`: these have a dot, `schedule` and `job` have none. */
type TriggerOf<J extends Triggered> = Extract<J['triggeredBy'][number], `${string}.${string}`>;

/** What an event causes. */
export interface Effects<J> {
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

/** Computes the effects of an event, of whatever version; undefined when its name is unknown. */
export type EffectsOf<J> = (event: RecordedEvent) => Effects<J> | undefined;

/** The effects of events by their definitions and by the jobs that they trigger; no side effects. */
export function effectsBy<J>(
  catalog: EventCatalog,
  reactions: Readonly<Record<string, (event: never) => J[]>> = {},
): EffectsOf<J> {
  return (recorded) => {
    const definition = catalog[recorded.name];
    if (!definition) return undefined;
    const event = upcast(definition, recorded);
    const { audience, forgets: forget } = definition;
    const publish = publicationsOf(audience, event);
    const staff = Channels.organization(event.tenantId);
    const webhook = audience.webhooks && publish.find(({ channel }) => channel === staff);
    const enqueue = reactions[recorded.name]?.(event as never) ?? [];
    const audit = definition.audit?.(event.payload) ?? (event.origin && idsIn(event.payload));
    return { publish, enqueue, forget, ...(webhook && { webhook }), ...(audit && { audit }) };
  };
}
