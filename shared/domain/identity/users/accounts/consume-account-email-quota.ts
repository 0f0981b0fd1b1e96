import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { UserErrors } from '../errors.ts';
import { keyOf, secondsLeftToday, takeDaily } from './consume-daily-quota.ts';

const MAILS_PER_ACCOUNT_AND_DAY = 5;

/** Takes one of the links that an account may have mailed in a day; throws 429. */
export async function requireMailsLeft(ctx: TenantContext, userId: Id<'usr'>): Promise<void> {
  if (await takeDaily(ctx, keyOf('links', userId), MAILS_PER_ACCOUNT_AND_DAY)) return;
  throw UserErrors.TooManyMails(secondsLeftToday());
}
