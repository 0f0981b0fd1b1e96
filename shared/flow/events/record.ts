import type { CacheSource } from '@insightdesk/shared/cache';
import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import {
  afterCommit,
  notifyAfterCommit,
  statement,
  type Tx,
  withCommit,
} from '@insightdesk/shared/database';
import { currentTrace, span } from '@insightdesk/shared/tracing';
import { newId } from '@insightdesk/shared/utils';
import type { z } from 'zod';
import type { EventDefinition } from './define-event.ts';
import { originOf } from './origin.ts';
import { OUTBOX_CHANNEL, outbox } from './tables.ts';

interface Recording extends Partial<Pick<Context, 'actor' | 'ip' | 'userAgent'>> {
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
  const { tx, tenantId, requestId } = ctx;
  const { name, version, forgets } = event;
  const fact = {
    tenantId,
    eventId: id ?? newId('evt'),
    name,
    version,
    payload: event.payload.parse(payload),
    requestId,
    origin: originOf(event, ctx) ?? null,
    trace: span({ name: `record ${name}`, kind: 'producer' }, currentTrace),
  };
  if (forgets.length > 0) afterCommit(tx, () => forget(ctx, forgets));
  notifyAfterCommit(tx, OUTBOX_CHANNEL);
  if (id) return (await insertUnlessKnown(tx, fact)).length > 0;
  withCommit(tx, insert(tx, fact));
  return true;
}

const columns = {
  tenantId: outbox.tenantId,
  eventId: outbox.eventId,
  name: outbox.name,
  version: outbox.version,
  payload: outbox.payload,
  requestId: outbox.requestId,
  origin: outbox.origin,
};

const optional = { trace: outbox.trace };

const insert = statement(columns, (fact, q) => q.insert(outbox).values(fact), { optional });

const insertUnlessKnown = statement(
  columns,
  (fact, q) =>
    q
      .insert(outbox)
      .values(fact)
      .onConflictDoNothing({ target: [outbox.tenantId, outbox.eventId] })
      .returning({ eventId: outbox.eventId }),
  { optional },
);

// The relay says it again, in case this process does not live to.
async function forget({ cache, tenantId }: Recording, tags: readonly string[]): Promise<void> {
  await Promise.all(tags.map((tag) => cache?.forTenant(tenantId).deleteByTag(tag)));
}
