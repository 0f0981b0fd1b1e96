import { type Context, displayName, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { violatedConstraint } from '@insightdesk/shared/database';
import { members, userEvents, users } from '@insightdesk/shared/domain/identity/users';
import {
  organizations,
  requireSeat,
  TenantErrors,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { and, eq, isNotNull } from 'drizzle-orm';
import { ProviderErrors } from './errors.ts';
import type { Identity } from './fetch-identity.ts';
import { createLink, findTrustedDomain, resolveUser } from './resolve-user.ts';
import { requireEnabledProvider } from './require-provider.ts';
import type { ProviderRow } from './tables.ts';

type Organization = Context & { tenantId: Id<'org'> };

/** Where the owner of a domain says which organisation may take in its people, and how. */
export const domainRecord = (domain: string, tenantId: Id<'org'>) => ({
  name: `_insightdesk.${domain}`,
  value: `insightdesk-organization=${tenantId}`,
});

/**
 * Makes somebody who signs in for the first time a member, where the provider's `autoJoin` says so and
 * the DNS of the address's domain names the organisation: whoever owns a domain has its mail anyway,
 * and an organisation's own provider may say what it likes. Whoever was removed stays out. Throws 401.
 */
export async function jitProvision(
  ctx: Organization,
  provider: ProviderRow,
  identity: Identity,
): Promise<Id<'usr'>> {
  const { verifiedEmail } = identity;
  const domain = findTrustedDomain(provider, identity);
  if (!provider.autoJoin || !verifiedEmail || !domain) throw ProviderErrors.Unknown();
  const proof = domainRecord(domain, ctx.tenantId);
  if (!(await ctx.security.dnsTexts(proof.name)).includes(proof.value)) {
    ctx.log.info({ domain, providerId: provider.id }, 'oauth: the domain names no organisation');
    throw ProviderErrors.Unknown();
  }
  const enter = () =>
    withTenant(ctx, (tenant) => createMember(tenant, provider.id, { ...identity, verifiedEmail }));
  // Of two that come at once, one finds what the other has made.
  return enter().catch((error) => {
    const isRace = violatedConstraint(error) === 'users_verified_email';
    if (isRace || error?.code === ProviderErrors.LinkTaken().code) return enter();
    throw error;
  });
}

async function createMember(
  tenant: TenantContext,
  providerId: Id<'idp'>,
  identity: Identity & { verifiedEmail: string },
): Promise<Id<'usr'>> {
  const { tx, tenantId } = tenant;
  const provider = await requireEnabledProvider(tenant, providerId);
  const known = await resolveUser(tenant, provider, identity);
  if (known) return known;
  const role = provider.autoJoin;
  if (!role || !findTrustedDomain(provider, identity)) throw ProviderErrors.Unknown();
  const [organization] = await tx
    .select()
    .from(organizations)
    .where(eq(organizations.id, tenantId));
  if (!organization || organization.disabledAt) throw TenantErrors.Disabled();
  const person = await findOrCreateAccount(tenant, identity);
  const joined = await tx
    .insert(members)
    .values({ tenantId, userId: person.id, role })
    .onConflictDoNothing()
    .returning({ userId: members.userId });
  if (joined.length === 0) throw ProviderErrors.Unknown();
  if (role !== 'customer') await requireSeat(tenant);
  await record(tenant, userEvents.memberJoined, { userId: person.id, name: person.name, role });
  await createLink(tenant, provider, identity, person.id);
  return person.id;
}

/** The verified account of the address, or a new one, which has no password until it is reset. */
async function findOrCreateAccount(
  { tx }: TenantContext,
  { verifiedEmail: email, name: said }: Identity & { verifiedEmail: string },
) {
  const [owner] = await tx
    .select({ id: users.id, name: users.name })
    .from(users)
    .where(and(eq(users.email, email), isNotNull(users.emailVerifiedAt)))
    .for('no key update');
  if (owner) return owner;
  const called = [said, email.split('@')[0]].map((word) => displayName(200).safeParse(word));
  const fresh = { id: newId('usr'), name: called.find(({ success }) => success)?.data ?? 'Member' };
  await tx.insert(users).values({ ...fresh, email, emailVerifiedAt: new Date() });
  return fresh;
}
