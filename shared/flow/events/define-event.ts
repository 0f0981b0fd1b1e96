import type { Id } from '@insightdesk/shared/contract';
import type { z } from 'zod';
import { type Audience, type AudienceOf, readAudience } from './audience.ts';
import type { Origin } from './origin.ts';

/** Brings a payload of one version to the next. */
export type Upcast = (old: Record<string, unknown>) => unknown;

/** A kind of fact: dotted past tense, the shape of what it tells, and who hears of it. */
export interface EventDefinition<N extends string = string, S extends z.ZodType = z.ZodType> {
  readonly type: 'event';
  readonly name: N;
  readonly payload: S;
  readonly audience: Audience;
  /** What the audit log says of it; undefined when it is left out. */
  readonly audit: ((payload: unknown) => unknown) | undefined;
  /** Tags of what the tenant's cache must drop once it is true. */
  readonly forgets: readonly string[];
  /** Of the payload's shape, from 1; written with each event. */
  readonly version: number;
  /** By the version that they start from; one for each before `version`. */
  readonly upcasts: Readonly<Record<number, Upcast>>;
}

/** An event as it was recorded. */
export interface RecordedEvent<E extends EventDefinition = EventDefinition> {
  id: Id<'evt'>;
  position: number;
  tenantId: Id<'org'>;
  requestId: string;
  name: E['name'];
  version: number;
  payload: z.output<E['payload']>;
  /** ISO 8601, UTC. */
  at: string;
  /** Who did it and from where; of what is audited only. */
  origin?: Origin | undefined;
  /** `traceparent` of what recorded it, where that was traced. */
  trace?: string | undefined;
}

interface Options<P = never> {
  /** What the audit log says of it: its payload unless told, nothing at all with `false`. */
  audit?: false | ((payload: P) => object);
  version?: number;
  upcasts?: Readonly<Record<number, Upcast>>;
  forgets?: readonly string[];
}

/**
 * Describes a fact that actions may record, and who hears of it: nobody, unless said. A payload
 * that has to change beyond an added optional field gets the next version, and an upcast from each
 * before it.
 */
export function defineEvent<N extends string, S extends z.ZodType>(
  name: N,
  payload: S,
  {
    version = 1,
    upcasts = {},
    forgets = [],
    audit = (payload) => payload as object,
    ...audience
  }: AudienceOf<S> & Options<z.output<S>> = {},
): EventDefinition<N, S> {
  for (let from = 1; from < version; from++) {
    if (!upcasts[from]) throw new RangeError(`${name} lacks the upcast from version ${from}`);
  }
  return {
    type: 'event',
    name,
    payload,
    audience: readAudience(payload, audience as AudienceOf<S>),
    audit: audit === false ? undefined : (audit as (payload: unknown) => unknown),
    forgets,
    version,
    upcasts,
  };
}
