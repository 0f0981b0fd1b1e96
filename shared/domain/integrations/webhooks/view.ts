import { createHash } from 'node:crypto';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { deliveryStatuses, type webhookDeliveries, type webhooks } from './tables.ts';

export const webhookView = z
  .object({
    id: idSchema('whk'),
    url: z.string(),
    description: z.string(),
    events: z.array(z.string()),
    enabled: z.boolean(),
    disabledReason: z.enum(['gone', 'failing']).nullable(),
    failingSince: z.iso.datetime().nullable(),
    pausedUntil: z.iso
      .datetime()
      .nullable()
      .describe('The address did not answer; no delivery is attempted before'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' });

/** Only in the response that creates or rotates the keys. */
export const secretView = z
  .object({
    secret: z.string().describe('Verifies v1 signatures; shown only once'),
    publicKey: z.string().describe('Verifies v1a signatures (Ed25519)'),
  })
  .meta({ id: 'WebhookSecret' });

export const deliveryView = z
  .object({
    id: idSchema('evt').describe('The webhook-id header; the same in every attempt'),
    type: z.string(),
    status: z.enum(deliveryStatuses),
    attempts: z.int().describe('Attempts since it was created or replayed'),
    nextAttemptAt: z.iso.datetime().nullable(),
    attemptedAt: z.iso.datetime().nullable(),
    responseStatus: z.int().nullable(),
    responseBody: z.string().nullable().describe('First 1,000 characters'),
    durationMs: z.int().nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });

export type WebhookRow = typeof webhooks.$inferSelect;
export type DeliveryRow = typeof webhookDeliveries.$inferSelect;

/** A webhook without its secret. */
export const toWebhook = (row: WebhookRow) => ({
  id: row.id,
  url: row.url,
  description: row.description,
  events: row.events,
  enabled: row.enabled,
  disabledReason: row.disabledReason,
  failingSince: row.failingSince?.toISOString() ?? null,
  pausedUntil:
    row.pausedUntil && row.pausedUntil > new Date() ? row.pausedUntil.toISOString() : null,
  createdAt: row.createdAt.toISOString(),
});

/** ETag of a webhook: a hash, since webhooks have no version number. */
export const webhookEtag = ({ pausedUntil: _, ...view }: ReturnType<typeof toWebhook>) =>
  createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 32);

/** A delivery with the result of its last attempt. */
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
