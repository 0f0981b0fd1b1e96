import type { Context } from '@insightdesk/shared/context';
import { currentTraceparent, withSpan } from '@insightdesk/shared/tracing';
import { truncate } from '@insightdesk/shared/utils';
import { signedHeaders } from '../signing/signature.ts';
import { openKeys } from '../signing/stored-keys.ts';
import type { DueDelivery } from './next-delivery.ts';

export interface DeliveryAttempt {
  isDelivered: boolean;
  responseStatus: number | null;
  responseBody: string | null;
  durationMs: number;
  error: string | null;
  retryAfter?: string | undefined;
}

const MAX_STORED_CHARACTERS = 1_000;

/**
 * Sends one delivery, signed; only a status of 200 to 299 counts as delivered. The request belongs to
 * the trace of its event and carries a `traceparent` header.
 */
export function attemptDelivery(
  ctx: Sender,
  due: DueDelivery,
  timeoutMs?: number,
): Promise<DeliveryAttempt> {
  const { delivery, event, webhook } = due;
  const attributes = {
    'event.id': delivery.eventId,
    'webhook.id': webhook.id,
    'tenant.id': webhook.tenantId,
  };
  const options = { name: 'webhook deliver', kind: 'client', attributes } as const;
  return withSpan({ ...options, parent: event.trace ?? undefined }, async (active) => {
    const attempt = await send(ctx, due, timeoutMs);
    active.set({ 'http.response.status_code': attempt.responseStatus ?? undefined });
    if (!attempt.isDelivered) active.fail(`${attempt.responseStatus ?? 'none'}`);
    return attempt;
  });
}

type Sender = Pick<Context, 'security'>;

async function send(
  ctx: Sender,
  { webhook, delivery, event }: DueDelivery,
  timeoutMs: number | undefined,
): Promise<DeliveryAttempt> {
  const body = JSON.stringify({
    type: event.type,
    timestamp: event.at.toISOString(),
    organizationId: webhook.tenantId,
    data: event.data,
  });
  const at = new Date();
  const trace = currentTraceparent();
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'InsightDesk-Webhooks/1',
    ...(trace && { traceparent: trace }),
    ...signedHeaders({ id: delivery.eventId, at, body }, signingKeys(ctx, webhook, at)),
  };
  const durationMs = () => Date.now() - at.getTime();
  try {
    const response = await ctx.security.safeFetch(webhook.url, {
      method: 'POST',
      headers,
      body,
      timeoutMs,
    });
    const isDelivered = response.status >= 200 && response.status < 300;
    return {
      isDelivered,
      responseStatus: response.status,
      responseBody: toStoredText(response.body),
      durationMs: durationMs(),
      error: isDelivered ? null : `Response status ${response.status}`,
      retryAfter: response.headers['retry-after'],
    };
  } catch (error) {
    return {
      isDelivered: false,
      responseStatus: null,
      responseBody: null,
      durationMs: durationMs(),
      error: error instanceof Error ? toStoredText(error.message) : 'Unknown error',
    };
  }
}

const signingKeys = (
  { security }: Pick<Context, 'security'>,
  { tenantId, secret, previousSecret, previousSecretUntil }: DueDelivery['webhook'],
  at: Date,
): string[] => {
  const isValid = previousSecret && previousSecretUntil && previousSecretUntil > at;
  const stored = isValid ? [secret, previousSecret] : [secret];
  return stored.flatMap((one) => openKeys({ security, tenantId }, one));
};

// PostgreSQL accepts neither NUL nor lone surrogates.
const toStoredText = (text: string) =>
  truncate(
    text
      .slice(0, 4 * MAX_STORED_CHARACTERS)
      .replaceAll('\0', '')
      .toWellFormed(),
    MAX_STORED_CHARACTERS,
  );
