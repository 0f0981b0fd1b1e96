import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { eq } from 'drizzle-orm';
import { users } from '../tables.ts';
import { emailLinkToken, findEmailLink, showLink } from './email-links.ts';

/** The content of an email with a link. */
export interface LinkEmail {
  purpose: 'verify' | 'change' | 'reset';
  to: string;
  /** Missing when the address has no verified account, so that there is no link to follow. */
  token?: string;
  /** The account's current address if it is verified; it is notified of a change. */
  previousEmail?: string;
}

/** Undefined when the link can no longer be used or the address has no account. */
export async function findLinkEmail(ctx: Context, id: Id<'lnk'>): Promise<LinkEmail | undefined> {
  const link = await findEmailLink(ctx, id);
  if (!link) return undefined;
  const { purpose, email: to } = link;
  const token = emailLinkToken(ctx, link);
  const isAccount = link.userId ? eq(users.id, link.userId) : eq(users.email, to);
  const [, [account]] = await ctx.database.read({}, (tx) =>
    Promise.all([
      showLink(tx, id),
      tx
        .select({ email: users.email, verifiedAt: users.emailVerifiedAt })
        .from(users)
        .where(isAccount)
        .orderBy(users.emailVerifiedAt)
        .limit(1)
        .execute(),
    ]),
  );
  if (!account) return undefined;
  const isVerified = account.verifiedAt !== null;
  if (purpose === 'reset') return isVerified ? { purpose, to, token } : { purpose, to };
  if (purpose === 'change')
    return { purpose, to, token, ...(isVerified && { previousEmail: account.email }) };
  return isVerified || account.email !== to ? undefined : { purpose, to, token };
}
