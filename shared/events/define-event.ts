import type { CacheSource } from '@insightdesk/shared/cache';
import { afterCommit, type Tx } from '@insightdesk/shared/database';
import { type Id, newId } from '@insightdesk/shared/utils';
import type { z } from 'zod';
import { outbox } from './tables.ts';

/** A kind of fact: dotted past tense, and the shape of what it tells. */
export interface EventDefinition<N extends string = string, S extends z.ZodType = z.ZodType> {
  readonly type: 'event';
  readonly name: N;
  readonly payload: S;
  /** Tags of what the tenant's cache must drop once it is true. */
  readonly forgets: readonly string[];
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
  { forgets = [] }: { forgets?: readonly string[] } = {},
): EventDefinition<N, S> {
  return { type: 'event', name, payload, forgets };
}

interface Recording {
  tx: Tx;
  tenantId: Id<'org'>;
  requestId: string;
  /** Needed for events that make the cache forget. */
  cache?: Pick<CacheSource, 'forTenant'>;
}

/** Records a fact in the open transaction: it becomes true, and is told, exactly when that commits. */
export async function record<E extends EventDefinition>(
  ctx: Recording,
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
  if (event.forgets.length > 0) afterCommit(ctx.tx, () => forget(ctx, event.forgets));
}

// The relay says it again, in case this process does not live to.
async function forget({ cache, tenantId }: Recording, tags: readonly string[]): Promise<void> {
  await Promise.all(tags.map((tag) => cache?.forTenant(tenantId).deleteByTag(tag)));
}
