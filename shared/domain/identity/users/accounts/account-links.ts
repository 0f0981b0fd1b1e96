import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { and, eq, gt, inArray, isNull, or, sql } from 'drizzle-orm';
import { UserErrors } from '../errors.ts';
import { accountLinkRequested } from '../events.ts';
import { accountContext } from './account-context.ts';
import { accountLinks } from '../tables.ts';
import { quotaKey, consumeDailyQuota } from './consume-daily-quota.ts';

type Link = typeof accountLinks.$inferSelect;
type Purpose = Link['purpose'];

/** How long each may be followed. */
const validHours: Record<Purpose, number> = { verify: 24, change: 24, reset: 1 };

const MAILS_PER_ADDRESS_AND_DAY = 10;
/** A link lives as long as an hour: while more are not mailed, one that was is good. */
const RESETS_PER_ADDRESS_AND_HOUR = 3;

/** The token in a link's address. */
export const accountLinkToken = (ctx: Context, { purpose, id }: Pick<Link, 'purpose' | 'id'>) =>
  ctx.security.tokenCodec.seal('account-link', [purpose, id]);

/**
 * Has a link mailed to an address; beyond the address's bound it is made, and not mailed. What is
 * done here does not depend on whose address it is.
 */
export async function requestAccountLink(
  ctx: TenantContext,
  link: Pick<Link, 'purpose' | 'email'> & { userId?: Id<'usr'> },
): Promise<void> {
  const id = newId('lnk');
  const isMuted = !(await takeMail(ctx, link));
  const expiresAt = new Date(Date.now() + validHours[link.purpose] * 3_600_000);
  await ctx.tx.insert(accountLinks).values({ id, ...link, expiresAt });
  await record(ctx, accountLinkRequested, { linkId: id, isMuted });
}

function takeMail(ctx: TenantContext, { purpose, email }: Pick<Link, 'purpose' | 'email'>) {
  if (purpose !== 'reset') return consumeDailyQuota(ctx, quotaKey('mail', email), MAILS_PER_ADDRESS_AND_DAY);
  const hour = new Date().getUTCHours();
  return consumeDailyQuota(ctx, `${quotaKey('reset', email)}:${hour}`, RESETS_PER_ADDRESS_AND_HOUR);
}

const good = and(isNull(accountLinks.usedAt), gt(accountLinks.expiresAt, sql`now()`));

/** The link that may still be followed, or undefined. */
export async function findAccountLink(ctx: Context, id: Id<'lnk'>): Promise<Link | undefined> {
  const [link] = await ctx.database.read({}, (tx) =>
    tx
      .select()
      .from(accountLinks)
      .where(and(eq(accountLinks.id, id), good))
      .execute(),
  );
  return link;
}

/** The link of this token; throws 422 LINK_INVALID when it is none of ours, used or too old. */
export async function requireAccountLink(ctx: Context, token: string, purposes: readonly Purpose[]) {
  const [purpose, id] = ctx.security.tokenCodec.open('account-link', token) ?? [];
  const link = isId('lnk', id) ? await findAccountLink(ctx, id) : undefined;
  if (!link || link.purpose !== purpose || !purposes.includes(link.purpose)) {
    throw UserErrors.LinkInvalid();
  }
  return link;
}

/** Follows a link, once, and does in the same transaction what follows from it. */
export function useAccountLink<T>(
  ctx: Context,
  { id }: Link,
  work: (tenant: TenantContext) => Promise<T>,
): Promise<T> {
  return withTenant(accountContext(ctx), async (tenant) => {
    const followed = await tenant.tx
      .update(accountLinks)
      .set({ usedAt: new Date() })
      .where(and(eq(accountLinks.id, id), good))
      .returning({ id: accountLinks.id });
    if (followed.length === 0) throw UserErrors.LinkInvalid();
    return work(tenant);
  });
}

/** No link that would change this account may be followed any more. */
export async function revokeAccountLinks({ tx }: TenantContext, account: { id: Id<'usr'>; email: string }) {
  const toReset = and(eq(accountLinks.purpose, 'reset'), eq(accountLinks.email, account.email));
  const own = and(
    eq(accountLinks.userId, account.id),
    inArray(accountLinks.purpose, ['change', 'reset']),
  );
  await tx
    .update(accountLinks)
    .set({ usedAt: new Date() })
    .where(and(or(own, toReset), isNull(accountLinks.usedAt)));
}
