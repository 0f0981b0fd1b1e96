import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { findMember, findMemberByEmail } from '@insightdesk/shared/domain/identity/users';
import { and, eq } from 'drizzle-orm';
import { ProviderErrors } from './errors.ts';
import type { Identity } from './fetch-identity.ts';
import { identityLinks, type ProviderRow } from './tables.ts';

/**
 * The active member whom the identity is linked with. An identity that is new links itself by its
 * address when the provider says it is verified and the organisation believes it of that domain;
 * nobody becomes a member by that. Undefined for somebody new; throws 401 for whoever was removed.
 */
export async function resolveUser(
  ctx: TenantContext,
  provider: ProviderRow,
  identity: Identity,
): Promise<Id<'usr'> | undefined> {
  const link = await findLink(ctx, provider, identity);
  const known = link
    ? await findMember(ctx, link.userId)
    : await findByEmail(ctx, provider, identity);
  if (link && !known) throw ProviderErrors.Unknown();
  if (!known) return undefined;
  if (!link) {
    await createLink(ctx, provider, identity, known.id).catch(async (error) => {
      // Of two that come at once, one finds what the other has made.
      if ((await findLink(ctx, provider, identity))?.userId !== known.id) throw error;
    });
  }
  return known.id;
}

async function findLink(
  { tx, tenantId }: TenantContext,
  provider: ProviderRow,
  { issuer, subject }: Identity,
) {
  const [link] = await tx
    .select({ userId: identityLinks.userId })
    .from(identityLinks)
    .where(
      and(
        eq(identityLinks.tenantId, tenantId),
        eq(identityLinks.providerId, provider.id),
        eq(identityLinks.issuer, issuer),
        eq(identityLinks.subject, subject),
      ),
    );
  return link;
}

/** Links the identity with the person; 409 where either is linked with another. */
export async function createLink(
  { tx, tenantId }: TenantContext,
  provider: ProviderRow,
  { issuer, subject }: Identity,
  userId: Id<'usr'>,
): Promise<void> {
  const added = await tx
    .insert(identityLinks)
    .values({ tenantId, providerId: provider.id, issuer, subject, userId })
    .onConflictDoNothing()
    .returning({ userId: identityLinks.userId });
  if (added.length === 0) throw ProviderErrors.LinkTaken();
}

/** The domain of a verified address, if the organisation believes the provider of it. */
export function findTrustedDomain(
  { allowedDomains }: ProviderRow,
  { verifiedEmail }: Identity,
): string | undefined {
  const domain = verifiedEmail?.split('@').at(-1) ?? '';
  return allowedDomains.includes(domain) ? domain : undefined;
}

async function findByEmail(ctx: TenantContext, provider: ProviderRow, identity: Identity) {
  const { verifiedEmail } = identity;
  if (!verifiedEmail || !findTrustedDomain(provider, identity)) return undefined;
  const member = await findMemberByEmail(ctx, verifiedEmail);
  // An account that only says the address is its own is nobody's.
  return member?.emailVerifiedAt ? member : undefined;
}
