import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, smallint, text, unique } from 'drizzle-orm/pg-core';

import type { Origin } from './origin.ts';

/** The place that an event's entry has in each channel's log. */
export type Places = Record<string, [epoch: string, offset: number]>;

/** On which the relay is woken. */
export const OUTBOX_CHANNEL = 'outbox';

/** Facts in commit order per conversation, written in the transaction that made them true. */
export const outbox = pgTable(
  'outbox',
  {
    position: bigint('position', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: tenantId(),
    eventId: typeId('event_id', 'evt').notNull(),
    name: text('name').notNull(),
    /** Of the payload's shape. */
    version: smallint('version').notNull().default(1),
    payload: jsonb('payload').notNull(),
    requestId: text('request_id').notNull(),
    createdAt: createdAt(),
    relayedAt: instant('relayed_at'),
    /** Why its reactions could not be computed; such an event is set aside, not retried. */
    failure: text('failure'),
    /** Where its entries went, by which lost channel logs are refilled: channel to epoch, offset. */
    places: jsonb('places').$type<Places>(),
    /** Who did it and from where, for the audit log. */
    origin: jsonb('origin').$type<Origin>(),
    /** W3C `traceparent` of what recorded it, where that was traced. */
    trace: text('trace'),
  },
  (t) => [
    unique('outbox_event').on(t.tenantId, t.eventId),
    index('outbox_waiting').on(t.position).where(sql`relayed_at is null`),
    index('outbox_created').using('brin', t.createdAt),
  ],
);
