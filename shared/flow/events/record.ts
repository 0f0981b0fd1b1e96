import type { CacheSource } from '@insightdesk/shared/cache';
import type { Id } from '@insightdesk/shared/contract';
import { afterCommit, type Tx } from '@insightdesk/shared/database';
import { newId } from '@insightdesk/shared/utils';
import type { z } from 'zod';
import type { EventDefinition } from './define-event.ts';
import { outbox } from './tables.ts';

interface Recording {
  tx: Tx;
  tenantId: Id<'org'>;
  requestId: string;
  /** Needed for events that make the cache forget. */
  cache?: Pick<CacheSource, 'forTenant'>;
}

/**
 * Records a fact in the open transaction: it becomes true, and is told, exactly when that commits.
 * An `id` of one's own that is known already changes nothing; false then.
 */
export async function record<E extends EventDefinition>(
  ctx: Recording,
  event: E,
  payload: z.input<E['payload']>,
  { id }: { id?: Id<'evt'> } = {},
): Promise<boolean> {
  const fact = ctx.tx.insert(outbox).values({
    tenantId: ctx.tenantId,
    eventId: id ?? newId('evt'),
    name: event.name,
    version: event.version,
    payload: event.payload.parse(payload),
    requestId: ctx.requestId,
  });
  if (event.forgets.length > 0) afterCommit(ctx.tx, () => forget(ctx, event.forgets));
  if (!id) {
    await fact;
    return true;
  }
  const target = [outbox.tenantId, outbox.eventId];
  const recorded = await fact.onConflictDoNothing({ target }).returning({ at: outbox.createdAt });
  return recorded.length > 0;
}

// The relay says it again, in case this process does not live to.
async function forget({ cache, tenantId }: Recording, tags: readonly string[]): Promise<void> {
  await Promise.all(tags.map((tag) => cache?.forTenant(tenantId).deleteByTag(tag)));
}
