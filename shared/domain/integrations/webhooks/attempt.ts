import type { Context } from '@insightdesk/shared/context';
import { currentTrace, span } from '@insightdesk/shared/tracing';
import { truncate } from '@insightdesk/shared/utils';
import { readKeys } from './kept-secret.ts';
import type { Due } from './next-delivery.ts';
import { signedHeaders } from './signature.ts';

/** How one attempt went. */
export interface Attempt {
  isDelivered: boolean;
  responseStatus: number | null;
  responseBody: string | null;
  durationMs: number;
  error: string | null;
  retryAfter?: string | undefined;
}

const KEPT_CHARACTERS = 1_000;

/**
 * Sends one delivery, signed; only a status of 200 to 299 counts as delivered. It belongs to the
 * trace of its event, and names that to the receiver.
 */
export function attempt(ctx: Sender, due: Due): Promise<Attempt> {
  const { delivery, event, webhook } = due;
  const attributes = {
    'event.id': delivery.eventId,
    'webhook.id': webhook.id,
    'tenant.id': webhook.tenantId,
  };
  const options = { name: 'webhook deliver', kind: 'client', attributes } as const;
  return span({ ...options, parent: event.trace ?? undefined }, async (one) => {
    const answer = await send(ctx, due);
    one.set({ 'http.response.status_code': answer.responseStatus ?? undefined });
    if (!answer.isDelivered) one.fail(`${answer.responseStatus ?? 'none'}`);
    return answer;
  });
}

type Sender = Pick<Context, 'security'>;

async function send(ctx: Sender, { webhook, delivery, event }: Due): Promise<Attempt> {
  const body = JSON.stringify({
    type: event.type,
    timestamp: event.at.toISOString(),
    organizationId: webhook.tenantId,
    data: event.data,
  });
  const at = new Date();
  const trace = currentTrace();
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'InsightDesk-Webhooks/1',
    ...(trace && { traceparent: trace }),
    ...signedHeaders({ id: delivery.eventId, at, body }, secretsOf(ctx, webhook, at)),
  };
  const durationMs = () => Date.now() - at.getTime();
  try {
    const response = await ctx.security.outbound(webhook.url, { method: 'POST', headers, body });
    const isDelivered = response.status >= 200 && response.status < 300;
    return {
      isDelivered,
      responseStatus: response.status,
      responseBody: kept(response.body),
      durationMs: durationMs(),
      error: isDelivered ? null : `Answered with status ${response.status}`,
      retryAfter: response.headers['retry-after'],
    };
  } catch (error) {
    return {
      isDelivered: false,
      responseStatus: null,
      responseBody: null,
      durationMs: durationMs(),
      error: error instanceof Error ? kept(error.message) : 'Unknown',
    };
  }
}

const secretsOf = (
  { security }: Pick<Context, 'security'>,
  { tenantId, secret, previousSecret, previousSecretUntil }: Due['webhook'],
  at: Date,
): string[] => {
  const isValid = previousSecret && previousSecretUntil && previousSecretUntil > at;
  const stored = isValid ? [secret, previousSecret] : [secret];
  return stored.flatMap((one) => readKeys({ security, tenantId }, one));
};

// PostgreSQL takes no NUL and no lone surrogate.
const kept = (text: string) =>
  truncate(
    text
      .slice(0, 4 * KEPT_CHARACTERS)
      .replaceAll('\0', '')
      .toWellFormed(),
    KEPT_CHARACTERS,
  );
