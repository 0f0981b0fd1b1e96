import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { and, eq, sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';

/** Addresses that receive an organization's events. */
export const webhooks = pgTable(
  'webhooks',
  {
    tenantId: tenantId(),
    id: typeId('id', 'whk').notNull(),
    url: text('url').notNull(),
    description: text('description').notNull(),
    /** Event filters: `message.created`, `conversation.*`, `*`. */
    events: text('events').array().notNull(),
    enabled: boolean('enabled').notNull().default(true),
    /** Why the system disabled it. */
    disabledReason: text('disabled_reason', { enum: ['gone', 'failing'] }),
    /** Time of the first failure since the last success. */
    failingSince: instant('failing_since'),
    /** Attempts in a row without any response. */
    unansweredCount: integer('unanswered_count').notNull().default(0),
    /** Until then no delivery is attempted. */
    pausedUntil: instant('paused_until'),
    secret: text('secret').notNull(),
    /** Also signs until `previousSecretUntil`. */
    previousSecret: text('previous_secret'),
    previousSecretUntil: instant('previous_secret_until'),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
);

/** Events for webhooks: written by the relay, in order for each organization. */
export const outboundEvents = pgTable(
  'webhook_events',
  {
    tenantId: tenantId(),
    position: bigint('position', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    eventId: typeId('event_id', 'evt').notNull(),
    type: text('type').notNull(),
    /** Events with the same key are delivered one after another. */
    orderingKey: text('ordering_key').notNull(),
    data: jsonb('data').notNull(),
    at: instant('at').notNull(),
    fannedOutAt: instant('fanned_out_at'),
    /** W3C `traceparent` of the relay, when it was traced. */
    trace: text('trace'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.eventId] }),
    unique('webhook_events_position').on(t.tenantId, t.position),
    index('webhook_events_waiting').on(t.tenantId, t.position).where(sql`fanned_out_at is null`),
    index('webhook_events_at').on(t.tenantId, t.at),
  ],
);

export const deliveryStatuses = ['waiting', 'delivered', 'failed'] as const;

/** The delivery of one event to one webhook, with the result of its last attempt. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    tenantId: tenantId(),
    webhookId: typeId('webhook_id', 'whk').notNull(),
    eventId: typeId('event_id', 'evt').notNull(),
    position: bigint('position', { mode: 'number' }).notNull(),
    orderingKey: text('ordering_key').notNull(),
    status: text('status', { enum: deliveryStatuses }).notNull().default('waiting'),
    /** Increases with each replay, which resets `attempts`. */
    replayCount: integer('replay_count').notNull().default(0),
    attempts: integer('attempts').notNull().default(0),
    dueSince: instant('due_since').notNull().defaultNow(),
    nextAttemptAt: instant('next_attempt_at').notNull().defaultNow(),
    attemptedAt: instant('attempted_at'),
    responseStatus: integer('response_status'),
    responseBody: text('response_body'),
    durationMs: integer('duration_ms'),
    error: text('error'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.webhookId, t.eventId] }),
    foreignKey({
      name: 'webhook_deliveries_webhook_fk',
      columns: [t.tenantId, t.webhookId],
      foreignColumns: [webhooks.tenantId, webhooks.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'webhook_deliveries_event_fk',
      columns: [t.tenantId, t.eventId],
      foreignColumns: [outboundEvents.tenantId, outboundEvents.eventId],
    }).onDelete('cascade'),
    index('webhook_deliveries_waiting')
      .on(t.tenantId, t.webhookId, t.orderingKey, t.position)
      .where(sql`status = 'waiting'`),
    index('webhook_deliveries_status').on(t.tenantId, t.webhookId, t.status, t.position),
    index('webhook_deliveries_log').on(t.tenantId, t.webhookId, t.position),
    index('webhook_deliveries_event').on(t.tenantId, t.eventId),
  ],
);

export const joinsEvent = and(
  eq(outboundEvents.tenantId, webhookDeliveries.tenantId),
  eq(outboundEvents.eventId, webhookDeliveries.eventId),
);
