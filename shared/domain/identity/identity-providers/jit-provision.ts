import {
  type Context,
  displayName,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches, violatedConstraint } from '@insightdesk/shared/database';
import {
  createAccount,
  findUserByEmail,
  members,
  requireRegistration,
  userEvents,
  users,
} from '@insightdesk/shared/domain/identity/users';
import {
  requireEnabledOrganization,
  requireSeat,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { ProviderErrors } from './errors.ts';
import type { Identity } from './fetch-identity.ts';
import { requireEnabledProvider } from './require-provider.ts';
import { createLink, findTrustedDomain, resolveUser } from './resolve-user.ts';
import type { ProviderRow } from './tables.ts';

type AnonymousTenant = Context & { tenantId: Id<'org'> };

/** The DNS record by which the owner of a domain allows an organization to provision its users. */
const domainRecord = (domain: string, tenantId: Id<'org'>) => ({
  name: `_insightdesk.${domain}`,
  value: `insightdesk-organization=${tenantId}`,
});

/**
 * Just-in-time provisioning: creates a member at the first sign-in. Requires `autoJoin` and a DNS
 * record of the address's domain, because an organization's own provider can claim any address.
 * Removed members stay removed. Throws 401.
 */
export async function jitProvision(
  ctx: AnonymousTenant,
  provider: ProviderRow,
  identity: Identity,
): Promise<Id<'usr'>> {
  const { verifiedEmail } = identity;
  const domain = findTrustedDomain(provider, identity);
  if (!provider.autoJoin || !verifiedEmail || !domain) throw ProviderErrors.UnknownUser();
  const proof = domainRecord(domain, ctx.tenantId);
  if (!(await ctx.security.resolveTxt(proof.name)).includes(proof.value)) {
    ctx.log.info(
      { domain, providerId: provider.id },
      'oauth: the DNS record of the domain is missing',
    );
    throw ProviderErrors.UnknownUser();
  }
  const provision = () =>
    withTenant(ctx, (tenant) => createMember(tenant, provider.id, { ...identity, verifiedEmail }));
  // After a race the retry finds the member that the other call created.
  return provision()
    .catch((error) => {
      if (isRace(error)) return provision();
      throw error;
    })
    .catch((error) => {
      throw error instanceof MemberExistsError ? ProviderErrors.UnknownUser() : error;
    });
}

/** A removed member, or one that another sign-in creates at the same time. */
class MemberExistsError extends Error {}

const isRace = (error: { code?: string }) =>
  error instanceof MemberExistsError ||
  violatedConstraint(error) === 'users_verified_email' ||
  error.code === ProviderErrors.AlreadyLinked().code;

async function createMember(
  tenant: TenantContext,
  providerId: Id<'idp'>,
  identity: Identity & { verifiedEmail: string },
): Promise<Id<'usr'>> {
  const { tx, tenantId } = tenant;
  const provider = await requireEnabledProvider(tenant, providerId);
  const existing = await resolveUser(tenant, provider, identity);
  if (existing) return existing;
  const role = provider.autoJoin;
  if (!role || !findTrustedDomain(provider, identity)) throw ProviderErrors.UnknownUser();
  await requireEnabledOrganization(tenant);
  const owner = await findUserByEmail(tenant, identity.verifiedEmail);
  const user = owner ?? (await createUser(tenant, identity));
  const joined = await tx
    .insert(members)
    .values({ tenantId, userId: user.id, role })
    .onConflictDoNothing()
    .returning({ userId: members.userId });
  if (joined.length === 0) throw new MemberExistsError();
  // A member is visible; the account must still have the address when this commits.
  const [current] = await tx
    .select({ id: users.id })
    .from(users)
    .where(matches(users, { id: user.id, email: identity.verifiedEmail }))
    .for('no key update');
  if (!current) throw ProviderErrors.UnknownUser();
  if (role !== 'customer') await requireSeat(tenant);
  await record(tenant, userEvents.memberJoined, { userId: user.id, name: user.name, role });
  await createLink(tenant, provider, identity, user.id);
  return user.id;
}

/** An account with the verified address, which has no password until it is reset. */
async function createUser(
  tenant: TenantContext,
  { verifiedEmail: email, name: providedName }: Identity & { verifiedEmail: string },
) {
  requireRegistration(tenant, 'invitation');
  const names = [providedName, email.split('@')[0]].map((name) => displayName(200).safeParse(name));
  const user = { id: newId('usr'), name: names.find(({ success }) => success)?.data ?? 'Member' };
  await createAccount(tenant, { ...user, email, isVerified: true });
  return user;
}
