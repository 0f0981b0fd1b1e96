import type { Context } from '@insightdesk/shared/context';
import type { RequestClass } from '@insightdesk/shared/contract';
import { TooManyRequestsError } from '@insightdesk/shared/errors';

/** Each quota with its period and the seconds of Retry-After. */
const requestQuotas = [
  ['requests-per-day', 'today', 3_600],
  ['requests-per-month', 'this month', 86_400],
] as const;

const WAITING_JOBS_RETRY_SECONDS = 60;

/**
 * Counts a request for its organization. Throws 429 QUOTA_EXCEEDED when this process knows the
 * quota to be used up; fails open.
 */
export function meterRequest(
  { tenantId, limits: { meter } }: Pick<Context, 'tenantId' | 'limits'>,
  request: { method: string; kind: RequestClass },
): void {
  if (!tenantId || !meter) return;
  if (createsWork(request) && meter.isSpent(tenantId, 'waiting-jobs')) {
    const message = 'Too many jobs of the organization are waiting, try again later';
    const retryAfterSeconds = WAITING_JOBS_RETRY_SECONDS;
    throw new TooManyRequestsError(message, { code: 'QUOTA_EXCEEDED', retryAfterSeconds });
  }
  for (const [quota, period, retryAfterSeconds] of requestQuotas) {
    if (!meter.isSpent(tenantId, quota)) continue;
    const message = `The organization has used its ${meter.limitOf(tenantId, quota)} requests of ${period}`;
    throw new TooManyRequestsError(message, { code: 'QUOTA_EXCEEDED', retryAfterSeconds });
  }
  meter.count(tenantId, 'requests');
}

/** Throws 429 while the organization has used its share of database time and others need theirs. */
export function requireDatabaseTime({
  tenantId,
  database,
}: Pick<Context, 'tenantId' | 'database'>) {
  const waitMs = tenantId === undefined ? 0 : database.tenantTime.waitMs(tenantId);
  if (waitMs === 0) return;
  throw new TooManyRequestsError('The organization uses the database too much, try again shortly', {
    code: 'DATABASE_TIME_EXCEEDED',
    retryAfterSeconds: Math.ceil(waitMs / 1_000),
  });
}

/** Sign-out and DELETE stay possible while too many jobs wait. */
const createsWork = ({ method, kind }: { method: string; kind: RequestClass }) =>
  kind !== 'read' && kind !== 'auth' && method !== 'DELETE';
