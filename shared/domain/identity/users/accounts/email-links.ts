import {
  type Context,
  systemContext,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, isId, toUuid } from '@insightdesk/shared/contract';
import { matches, type Tx, withCommit } from '@insightdesk/shared/database';
import { SYSTEM_TENANT_ID } from '@insightdesk/shared/domain/tenancy/audit';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { and, eq, gt, inArray, isNull, or, sql } from 'drizzle-orm';
import { consumeDailyQuota, quotaKey, requireDailyQuota } from './consume-daily-quota.ts';
import { AccountErrors } from './errors.ts';
import { emailLinkRequested } from './events.ts';
import { emailLinks } from './tables.ts';

/**
 * The context of changes to a user that belong to no organization. Their events are recorded under a
 * tenant id that no organization has, and are dispatched like all others.
 */
export const accountContext = (ctx: Context) =>
  systemContext(ctx, 'accounts', { ...ctx, tenantId: SYSTEM_TENANT_ID });

type EmailLink = typeof emailLinks.$inferSelect;
type Purpose = EmailLink['purpose'];

const validityHours: Record<Purpose, number> = { verify: 24, change: 24, reset: 1 };

const MAX_EMAILS_PER_ADDRESS_PER_DAY = 10;
const MAX_EMAILS_PER_ACCOUNT_PER_DAY = 5;
/** A reset link is valid for an hour: beyond the limit, one of those already sent still works. */
const MAX_RESETS_PER_ADDRESS_PER_HOUR = 3;

export const emailLinkToken = (ctx: Context, { purpose, id }: Pick<EmailLink, 'purpose' | 'id'>) =>
  ctx.security.tokenCodec.encode('account-link', [purpose, id]);

/**
 * Creates a link and requests its email; beyond the limit of the address the link is created but not
 * emailed. The work is the same whether or not the address has an account.
 */
export async function requestEmailLink(
  ctx: TenantContext,
  link: Pick<EmailLink, 'purpose' | 'email'> & { userId?: Id<'usr'> },
): Promise<void> {
  const id = newId('lnk');
  const isMuted = !(await consumeEmailQuota(ctx, link));
  const expiresAt = new Date(Date.now() + validityHours[link.purpose] * 3_600_000);
  await ctx.tx.insert(emailLinks).values({ id, ...link, expiresAt });
  await record(ctx, emailLinkRequested, { linkId: id, isMuted });
}

function consumeEmailQuota(
  ctx: TenantContext,
  { purpose, email }: Pick<EmailLink, 'purpose' | 'email'>,
) {
  if (purpose !== 'reset')
    return consumeDailyQuota(ctx, quotaKey('mail', email), MAX_EMAILS_PER_ADDRESS_PER_DAY);
  const key = `${quotaKey('reset', email)}:${new Date().getUTCHours()}`;
  return consumeDailyQuota(ctx, key, MAX_RESETS_PER_ADDRESS_PER_HOUR);
}

/** Consumes one of the daily email links of an account; throws 429 when none is left. */
export const consumeAccountEmailQuota = (ctx: TenantContext, userId: Id<'usr'>) =>
  requireDailyQuota(ctx, quotaKey('links', userId), {
    max: MAX_EMAILS_PER_ACCOUNT_PER_DAY,
    exceeded: AccountErrors.TooManyEmails,
  });

const isUsable = and(isNull(emailLinks.usedAt), gt(emailLinks.expiresAt, sql`now()`));

/** Makes a link and its account visible to the transaction: row-level security hides all others. */
export const showLink = (tx: Tx, id: Id<'lnk'>) =>
  tx.execute(sql`select set_config('app.link_id', ${toUuid(id)}, true)`).execute();

/** Makes the links of a user or to an address visible to the transaction. */
export const showLinksOf = (tx: Tx, account: { id?: Id<'usr'>; email?: string }) =>
  tx
    .execute(
      sql`select set_config('app.link_user', ${account.id ? toUuid(account.id) : ''}, true),
        set_config('app.link_email', ${account.email ?? ''}, true)`,
    )
    .execute();

/** The link if it can still be used. */
export async function findEmailLink(ctx: Context, id: Id<'lnk'>): Promise<EmailLink | undefined> {
  const [, [link]] = await ctx.database.read({}, (tx) =>
    Promise.all([
      showLink(tx, id),
      tx
        .select()
        .from(emailLinks)
        .where(and(eq(emailLinks.id, id), isUsable))
        .execute(),
    ]),
  );
  return link;
}

/** Throws 422 LINK_INVALID when the token is forged, or its link is used or expired. */
export async function requireEmailLink(ctx: Context, token: string, purposes: readonly Purpose[]) {
  const [purpose, id] = ctx.security.tokenCodec.decode('account-link', token) ?? [];
  const link = isId('lnk', id) ? await findEmailLink(ctx, id) : undefined;
  if (!link || link.purpose !== purpose || !purposes.includes(link.purpose)) {
    throw AccountErrors.LinkInvalid();
  }
  return link;
}

/** Uses a link once and runs `work` in the same transaction. */
export function useEmailLink<T>(
  ctx: Context,
  { id }: EmailLink,
  work: (tenant: TenantContext) => Promise<T>,
): Promise<T> {
  return withTenant(accountContext(ctx), async (tenant) => {
    withCommit(tenant.tx, showLink(tenant.tx, id));
    const used = await tenant.tx
      .update(emailLinks)
      .set({ usedAt: new Date() })
      .where(and(eq(emailLinks.id, id), isUsable))
      .returning({ id: emailLinks.id });
    if (used.length === 0) throw AccountErrors.LinkInvalid();
    return work(tenant);
  });
}

/** Revokes all links that could change the account. */
export async function revokeEmailLinks(
  { tx }: TenantContext,
  account: { id: Id<'usr'>; email: string },
) {
  const isReset = matches(emailLinks, { purpose: 'reset', email: account.email });
  const isOwn = and(
    eq(emailLinks.userId, account.id),
    inArray(emailLinks.purpose, ['change', 'reset']),
  );
  withCommit(tx, showLinksOf(tx, account));
  await tx
    .update(emailLinks)
    .set({ usedAt: new Date() })
    .where(and(or(isOwn, isReset), isNull(emailLinks.usedAt)));
}
