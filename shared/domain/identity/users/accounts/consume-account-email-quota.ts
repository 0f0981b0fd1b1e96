import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { UserErrors } from '../errors.ts';
import { quotaKey, secondsUntilReset, consumeDailyQuota } from './consume-daily-quota.ts';

const MAILS_PER_ACCOUNT_AND_DAY = 5;

/** Takes one of the links that an account may have mailed in a day; throws 429. */
export async function consumeAccountEmailQuota(ctx: TenantContext, userId: Id<'usr'>): Promise<void> {
  if (await consumeDailyQuota(ctx, quotaKey('links', userId), MAILS_PER_ACCOUNT_AND_DAY)) return;
  throw UserErrors.TooManyMails(secondsUntilReset());
}
