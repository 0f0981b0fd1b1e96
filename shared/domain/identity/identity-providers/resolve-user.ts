import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { findMember, findMemberByEmail } from '@insightdesk/shared/domain/identity/users';
import { ProviderErrors } from './errors.ts';
import type { Identity } from './fetch-identity.ts';
import { identityLinks, type ProviderRow } from './tables.ts';

/**
 * The active member of the identity. A new identity is linked by its verified address if the
 * organization trusts the provider with that domain. Undefined for an unknown identity; throws 401
 * for a removed member.
 */
export async function resolveUser(
  ctx: TenantContext,
  provider: ProviderRow,
  identity: Identity,
): Promise<Id<'usr'> | undefined> {
  const link = await findLink(ctx, provider, identity);
  const member = link
    ? await findMember(ctx, link.userId)
    : await findByEmail(ctx, provider, identity);
  if (link && !member) throw ProviderErrors.UnknownUser();
  if (!member) return undefined;
  if (!link) {
    await createLink(ctx, provider, identity, member.id).catch(async (error) => {
      // After a race the other call has created the link.
      if ((await findLink(ctx, provider, identity))?.userId !== member.id) throw error;
    });
  }
  return member.id;
}

async function findLink(
  { tx, tenantId }: TenantContext,
  provider: ProviderRow,
  { issuer, subject }: Identity,
) {
  const [link] = await tx
    .select({ userId: identityLinks.userId })
    .from(identityLinks)
    .where(matches(identityLinks, { tenantId, providerId: provider.id, issuer, subject }));
  return link;
}

/** Throws 409 when the identity or the user is already linked. */
export async function createLink(
  { tx, tenantId }: TenantContext,
  provider: ProviderRow,
  { issuer, subject }: Identity,
  userId: Id<'usr'>,
): Promise<void> {
  const created = await tx
    .insert(identityLinks)
    .values({ tenantId, providerId: provider.id, issuer, subject, userId })
    .onConflictDoNothing()
    .returning({ userId: identityLinks.userId });
  if (created.length === 0) throw ProviderErrors.AlreadyLinked();
}

/** The domain of the verified address, if the organization trusts the provider with it. */
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
  // Accounts that have not verified the address are ignored.
  return member?.emailVerifiedAt ? member : undefined;
}
