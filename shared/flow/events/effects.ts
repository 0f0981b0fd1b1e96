import { Channels, type Id } from '@insightdesk/shared/contract';
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

/** The effects of an event. */
export interface Effects<J> {
  /** Entries for channels, by the audience of the event's definition. */
  publish: Publication[];
  /** What webhooks receive, in order for each conversation. */
  webhook?: Pick<Publication, 'type' | 'data'> & { conversationId: Id<'cnv'> | undefined };
  /** Jobs to enqueue. */
  enqueue: J[];
  /** Cache tags of the tenant to invalidate. */
  invalidate: readonly string[];
  /** What the audit log stores, if anything. */
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
    const { audience, invalidates: invalidate } = definition;
    const publish = publicationsOf(audience, event);
    const staff = Channels.organization(event.tenantId);
    const forStaff = audience.webhooks && publish.find(({ channel }) => channel === staff);
    const conversationId = audience.conversation?.(event.payload)?.conversationId;
    const webhook = forStaff && { type: forStaff.type, data: forStaff.data, conversationId };
    const enqueue = reactions[recorded.name]?.(event as never) ?? [];
    const audit = definition.audit?.(event.payload) ?? (event.origin && idsIn(event.payload));
    return { publish, enqueue, invalidate, ...(webhook && { webhook }), ...(audit && { audit }) };
  };
}
