import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, smallint, text, unique } from 'drizzle-orm/pg-core';

import type { Origin } from './origin.ts';

/** The position of an event in the log of each of its channels. */
export type LogPositions = Record<string, [epoch: string, offset: number]>;

/** The NOTIFY channel that wakes the relay. */
export const OUTBOX_CHANNEL = 'outbox';

/** Events in commit order per conversation, written in the transaction that caused them. */
export const outbox = pgTable(
  'outbox',
  {
    position: bigint('position', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: tenantId(),
    eventId: typeId('event_id', 'evt').notNull(),
    name: text('name').notNull(),
    /** The version of the payload. */
    version: smallint('version').notNull().default(1),
    payload: jsonb('payload').notNull(),
    requestId: text('request_id').notNull(),
    createdAt: createdAt(),
    relayedAt: instant('relayed_at'),
    /** Why its effects could not be computed; the event is dead-lettered and not retried. */
    failure: text('failure'),
    /** Epoch and offset by channel, from which lost channel logs are rebuilt. */
    logPositions: jsonb('log_positions').$type<LogPositions>(),
    /** The actor and its address, for the audit log. */
    origin: jsonb('origin').$type<Origin>(),
    /** W3C `traceparent` of the trace that recorded it, if any. */
    trace: text('trace'),
  },
  (t) => [
    unique('outbox_event').on(t.tenantId, t.eventId),
    index('outbox_waiting').on(t.position).where(sql`relayed_at is null`),
    index('outbox_created').using('brin', t.createdAt),
  ],
);
