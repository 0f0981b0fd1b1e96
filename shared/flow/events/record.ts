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
import { currentTraceparent, withSpan } from '@insightdesk/shared/tracing';
import { newId } from '@insightdesk/shared/utils';
import type { z } from 'zod';
import type { EventDefinition } from './define-event.ts';
import { originOf } from './origin.ts';
import { OUTBOX_CHANNEL, outbox } from './tables.ts';

interface RecordContext extends Partial<Pick<Context, 'actor' | 'ip' | 'userAgent'>> {
  tx: Tx;
  tenantId: Id<'org'>;
  requestId: string;
  /** Required for events that invalidate cache tags. */
  cache?: Pick<CacheSource, 'forTenant'>;
}

/**
 * Records an event in the open transaction; it is dispatched exactly when that commits. Returns false
 * and records nothing when the given `id` is known.
 */
export async function record<E extends EventDefinition>(
  ctx: RecordContext,
  event: E,
  payload: z.input<E['payload']>,
  { id }: { id?: Id<'evt'> } = {},
): Promise<boolean> {
  const { tx, tenantId, requestId } = ctx;
  const { name, version, invalidates } = event;
  const row = {
    tenantId,
    eventId: id ?? newId('evt'),
    name,
    version,
    payload: event.payload.parse(payload),
    requestId,
    origin: originOf(event, ctx) ?? null,
    trace: withSpan({ name: `record ${name}`, kind: 'producer' }, currentTraceparent),
  };
  if (invalidates.length > 0) afterCommit(tx, () => invalidate(ctx, invalidates));
  notifyAfterCommit(tx, OUTBOX_CHANNEL);
  if (id) return (await insertUnlessKnown(tx, row)).length > 0;
  withCommit(tx, insert(tx, row));
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

const insert = statement(columns, (row, q) => q.insert(outbox).values(row), { optional });

const insertUnlessKnown = statement(
  columns,
  (row, q) =>
    q
      .insert(outbox)
      .values(row)
      .onConflictDoNothing({ target: [outbox.tenantId, outbox.eventId] })
      .returning({ eventId: outbox.eventId }),
  { optional },
);

// The relay repeats this, in case this process is killed before.
async function invalidate(
  { cache, tenantId }: RecordContext,
  tags: readonly string[],
): Promise<void> {
  await Promise.all(tags.map((tag) => cache?.forTenant(tenantId).deleteByTag(tag)));
}
