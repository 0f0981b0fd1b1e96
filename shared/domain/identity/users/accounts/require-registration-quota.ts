import type { TenantContext } from '@insightdesk/shared/context';
import { ipPrefix } from '@insightdesk/shared/utils';
import { MemberErrors } from '../members/errors.ts';
import { quotaKey, requireDailyQuota } from './consume-daily-quota.ts';

/** Consumes one of the organizations that the caller's IP address may create today; throws 429. */
export async function requireRegistrationQuota(ctx: TenantContext): Promise<void> {
  const { ip, limits } = ctx;
  if (ip === undefined || limits.registrationsPerDay === 0) return;
  await requireDailyQuota(ctx, quotaKey('registrations', ipPrefix(ip)), {
    max: limits.registrationsPerDay,
    exceeded: MemberErrors.TooManyOrganizations,
  });
}
