import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { findMember, findMemberByEmail } from '@insightdesk/shared/domain/users';
import { and, eq } from 'drizzle-orm';
import { ProviderErrors } from './errors.ts';
import type { Identity } from './identify.ts';
import { identityLinks, type ProviderRow } from './tables.ts';

/**
 * The active member whom the identity is linked with. An identity that is new links itself by its
 * address when the provider says it is verified and the organisation believes it of that domain;
 * nobody becomes a member by that. Throws 401.
 */
export async function resolvePerson(
  ctx: TenantContext,
  provider: ProviderRow,
  identity: Identity,
): Promise<Id<'usr'>> {
  const { tenantId } = ctx;
  const [link] = await ctx.tx
    .select({ userId: identityLinks.userId })
    .from(identityLinks)
    .where(
      and(
        eq(identityLinks.tenantId, tenantId),
        eq(identityLinks.providerId, provider.id),
        eq(identityLinks.issuer, identity.issuer),
        eq(identityLinks.subject, identity.subject),
      ),
    );
  const known = link
    ? await findMember(ctx, link.userId)
    : await findByAddress(ctx, provider, identity);
  if (!known) throw ProviderErrors.Unknown();
  if (!link) await addLink(ctx, provider, identity, known.id);
  return known.id;
}

/** Links the identity with the person; 409 where either is linked with another. */
export async function addLink(
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

async function findByAddress(
  ctx: TenantContext,
  provider: ProviderRow,
  { verifiedEmail }: Identity,
) {
  const domain = verifiedEmail?.split('@').at(-1) ?? '';
  if (!verifiedEmail || !provider.allowedDomains.includes(domain)) return undefined;
  const member = await findMemberByEmail(ctx, verifiedEmail);
  // An account that only says the address is its own is nobody's.
  return member?.emailVerifiedAt ? member : undefined;
}
