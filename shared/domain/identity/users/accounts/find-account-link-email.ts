import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { eq } from 'drizzle-orm';
import { accountLinkToken, findAccountLink } from './account-links.ts';
import { users } from '../tables.ts';

/** What a letter with a link is made of. */
export interface AccountLinkEmail {
  purpose: 'verify' | 'change' | 'reset';
  to: string;
  /** Missing where the letter can only say that there is nothing to follow. */
  token?: string;
  /** The account's address until now, when that is verified: it hears of a change. */
  previousEmail?: string;
}

/** What to mail for a link, if anything: it may be void by now, or be for an address without account. */
export async function findAccountLinkEmail(ctx: Context, id: Id<'lnk'>): Promise<AccountLinkEmail | undefined> {
  const link = await findAccountLink(ctx, id);
  if (!link) return undefined;
  const { purpose, email: to } = link;
  const token = accountLinkToken(ctx, link);
  const whose = link.userId ? eq(users.id, link.userId) : eq(users.email, to);
  const accounts = await ctx.database.read({}, (tx) =>
    tx
      .select({ email: users.email, verifiedAt: users.emailVerifiedAt })
      .from(users)
      .where(whose)
      .orderBy(users.emailVerifiedAt)
      .limit(1)
      .execute(),
  );
  const [account] = accounts;
  if (!account) return undefined;
  const isVerified = account.verifiedAt !== null;
  if (purpose === 'reset') return isVerified ? { purpose, to, token } : { purpose, to };
  if (purpose === 'change')
    return { purpose, to, token, ...(isVerified && { previousEmail: account.email }) };
  return isVerified || account.email !== to ? undefined : { purpose, to, token };
}
