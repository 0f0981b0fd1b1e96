import type { Id } from '@insightdesk/shared/contract';
import type { z } from 'zod';
import { type Audience, type AudienceOf, readAudience } from './audience.ts';
import type { Origin } from './origin.ts';

/** Converts a payload of one version to the next. */
export type Upcast = (old: Record<string, unknown>) => unknown;

/** A kind of event: a dotted name in past tense, its payload and its audience. */
export interface EventDefinition<N extends string = string, S extends z.ZodType = z.ZodType> {
  readonly type: 'event';
  readonly name: N;
  readonly payload: S;
  readonly audience: Audience;
  /** What the audit log stores; undefined if it is not audited. */
  readonly audit: ((payload: unknown) => unknown) | undefined;
  /** Cache tags of the tenant to invalidate. */
  readonly invalidates: readonly string[];
  /** The version of the payload, from 1; stored with each event. */
  readonly version: number;
  /** By the version that they convert from; one for each before `version`. */
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
  /** The actor and its address; audited events only. */
  origin?: Origin | undefined;
  /** `traceparent` of the trace that recorded it, if any. */
  trace?: string | undefined;
}

interface Options<P = never> {
  /** What the audit log stores: the payload by default; `false` leaves the event out. */
  audit?: false | ((payload: P) => object);
  version?: number;
  upcasts?: Readonly<Record<number, Upcast>>;
  invalidates?: readonly string[];
}

/**
 * Defines an event; without an audience no client receives it. A change of the payload beyond an added
 * optional field needs the next version, and an upcast from each earlier one.
 */
export function defineEvent<N extends string, S extends z.ZodType>(
  name: N,
  payload: S,
  {
    version = 1,
    upcasts = {},
    invalidates = [],
    audit = (payload) => payload as object,
    ...audience
  }: AudienceOf<S> & Options<z.output<S>> = {},
): EventDefinition<N, S> {
  for (let from = 1; from < version; from++) {
    if (!upcasts[from]) throw new RangeError(`${name} has no upcast from version ${from}`);
  }
  return {
    type: 'event',
    name,
    payload,
    audience: readAudience(payload, audience as AudienceOf<S>),
    audit: audit === false ? undefined : (audit as (payload: unknown) => unknown),
    invalidates,
    version,
    upcasts,
  };
}
