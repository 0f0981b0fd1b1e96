import type { Context } from '@insightdesk/shared/context';
import type { RequestClass } from '@insightdesk/shared/contract';
import { TooManyRequestsError } from '@insightdesk/shared/errors';

const spans = [
  ['requests-per-day', 'today', 3_600],
  ['requests-per-month', 'this month', 86_400],
] as const;

/** Of whoever waits so long for what was asked before, nothing new is accepted. */
const HELD_RETRY_SECONDS = 60;

/**
 * Counts a member's request for its organisation. Refuses it, 429 QUOTA_EXCEEDED, when as far as is
 * known here the quota is used up: that fails open.
 */
export function meterRequest(
  { tenantId, meter }: Pick<Context, 'tenantId' | 'meter'>,
  request: { method: string; kind: RequestClass },
): void {
  if (!tenantId || !meter) return;
  if (bringsWork(request) && meter.isSpent(tenantId, 'waiting-jobs')) {
    const message =
      'Too many jobs of the organisation wait; what it writes is accepted again later';
    const retryAfterSeconds = HELD_RETRY_SECONDS;
    throw new TooManyRequestsError(message, { code: 'QUOTA_EXCEEDED', retryAfterSeconds });
  }
  for (const [quota, span, retryAfterSeconds] of spans) {
    if (!meter.isSpent(tenantId, quota)) continue;
    const message = `The organisation has made all its ${meter.limitOf(tenantId, quota)} requests of ${span}`;
    throw new TooManyRequestsError(message, { code: 'QUOTA_EXCEEDED', retryAfterSeconds });
  }
  meter.count(tenantId, 'requests');
}

/** Signing out, and deleting what brings the work about, is always possible. */
const bringsWork = ({ method, kind }: { method: string; kind: RequestClass }) =>
  kind !== 'read' && kind !== 'auth' && method !== 'DELETE';
