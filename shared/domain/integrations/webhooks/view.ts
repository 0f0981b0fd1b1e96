import { createHash } from 'node:crypto';
import { idSchema } from '@insightdesk/shared/contract';
import type { InferSelectModel } from 'drizzle-orm';
import { z } from 'zod';
import { deliveryStatuses, type webhookDeliveries, type webhooks } from './tables.ts';

export const webhookView = z.object({
  id: idSchema('whk'),
  url: z.string(),
  description: z.string(),
  events: z.array(z.string()),
  enabled: z.boolean(),
  disabledReason: z.enum(['gone', 'failing']).nullable(),
  failingSince: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
});

/** Shown when it was just made; nowhere else. */
export const secretView = z.object({
  secret: z.string().describe('Verifies the signatures v1; shown only once'),
  publicKey: z.string().describe('Verifies the signatures v1a (Ed25519), and signs nothing'),
});

export const deliveryView = z.object({
  id: idSchema('evt').describe('The webhook-id that the receiver sees; the same in every attempt'),
  type: z.string(),
  status: z.enum(deliveryStatuses),
  attempts: z.int().describe('Since it was first due, or since it was replayed'),
  nextAttemptAt: z.iso.datetime().nullable(),
  attemptedAt: z.iso.datetime().nullable(),
  responseStatus: z.int().nullable(),
  responseBody: z.string().nullable().describe('Its first 1,000 characters'),
  durationMs: z.int().nullable(),
  error: z.string().nullable(),
});

export type WebhookRow = InferSelectModel<typeof webhooks>;
export type DeliveryRow = InferSelectModel<typeof webhookDeliveries>;

/** What managers see of a webhook: everything but its secret. */
export const toWebhook = (row: WebhookRow) => ({
  id: row.id,
  url: row.url,
  description: row.description,
  events: row.events,
  enabled: row.enabled,
  disabledReason: row.disabledReason,
  failingSince: row.failingSince?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});

/** Of a webhook's state, which has no number of its own. */
export const webhookTag = (view: ReturnType<typeof toWebhook>) =>
  createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 32);

/** How far a delivery is and how its last attempt went. */
export const toDelivery = (row: DeliveryRow & { type: string }) => ({
  id: row.eventId,
  type: row.type,
  status: row.status,
  attempts: row.attempts,
  nextAttemptAt: row.status === 'waiting' ? row.nextAttemptAt.toISOString() : null,
  attemptedAt: row.attemptedAt?.toISOString() ?? null,
  responseStatus: row.responseStatus,
  responseBody: row.responseBody,
  durationMs: row.durationMs,
  error: row.error,
});
