import type { Tx } from '@insightdesk/shared/database';
import { type Id, newId } from '@insightdesk/shared/utils';
import type { z } from 'zod';
import { outbox } from './tables.ts';

/** A kind of fact: dotted past tense, and the shape of what it tells. */
export interface EventDefinition<N extends string = string, S extends z.ZodType = z.ZodType> {
  readonly type: 'event';
  readonly name: N;
  readonly payload: S;
}

/** An event as it was recorded. */
export interface RecordedEvent<E extends EventDefinition = EventDefinition> {
  id: Id<'evt'>;
  position: number;
  tenantId: Id<'org'>;
  requestId: string;
  name: E['name'];
  payload: z.output<E['payload']>;
  /** ISO 8601, UTC. */
  at: string;
}

/** Describes a fact that actions may record. */
export function defineEvent<N extends string, S extends z.ZodType>(
  name: N,
  payload: S,
): EventDefinition<N, S> {
  return { type: 'event', name, payload };
}

/** Records a fact in the open transaction: it becomes true, and is told, exactly when that commits. */
export async function record<E extends EventDefinition>(
  ctx: { tx: Tx; tenantId: Id<'org'>; requestId: string },
  event: E,
  payload: z.input<E['payload']>,
): Promise<void> {
  await ctx.tx.insert(outbox).values({
    tenantId: ctx.tenantId,
    eventId: newId('evt'),
    name: event.name,
    payload: event.payload.parse(payload),
    requestId: ctx.requestId,
  });
}
