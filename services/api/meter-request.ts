import type { Context } from '@insightdesk/shared/context';
import { TooManyRequestsError } from '@insightdesk/shared/errors';

const spans = [
  ['requests-per-day', 'today', 3_600],
  ['requests-per-month', 'this month', 86_400],
] as const;

/**
 * Counts a member's request for its organisation. Refuses it, 429 QUOTA_EXCEEDED, when as far as is
 * known here the quota is used up: that fails open.
 */
export function meterRequest({ tenantId, meter }: Pick<Context, 'tenantId' | 'meter'>): void {
  if (!tenantId || !meter) return;
  for (const [quota, span, retryAfterSeconds] of spans) {
    if (!meter.isSpent(tenantId, quota)) continue;
    const message = `The organisation has made all its ${meter.limitOf(tenantId, quota)} requests of ${span}`;
    throw new TooManyRequestsError(message, { code: 'QUOTA_EXCEEDED', retryAfterSeconds });
  }
  meter.count(tenantId, 'requests');
}
