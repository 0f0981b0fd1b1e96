import {
  defineAction,
  displayName,
  email,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { createContactRow } from '@insightdesk/shared/domain/desk/contacts';
import {
  quotaKey,
  requireDailyQuota,
  signedInView,
} from '@insightdesk/shared/domain/identity/users';
import { ipPrefix } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { CustomerSignInErrors } from '../errors.ts';
import { findOrganizationWith } from '../find-organization.ts';
import { signInContact } from '../sign-in-contact.ts';

const MAX_PER_ORGANIZATION_AND_DAY = 5_000;
const MAX_PER_NETWORK_AND_DAY = 100;

/** Creates a contact that nobody can sign in to again. An address that the visitor claims identifies nobody. */
export const createVisitor = defineAction({
  summary: 'Sign in an anonymous visitor',
  input: z.strictObject({
    organizationId: idSchema('org'),
    name: displayName(200).optional(),
    email: email().optional().describe('Shown to staff as not verified'),
  }),
  output: signedInView,
  allow: 'anyone',
  run(ctx, { organizationId: tenantId, name = 'Visitor', email: address }) {
    const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId } as const;
    return withTenant(anonymous, async (tenant) => {
      const organization = await findOrganizationWith(tenant, 'anonymousVisitors');
      if (!organization) throw CustomerSignInErrors.VisitorsDisabled();
      await requireVisitorQuota(tenant);
      const claim = address && { address, isVerified: false, mayIdentify: false };
      const visitor = { name, isAnonymous: true, address: claim || undefined };
      const contactId = await createContactRow(tenant, visitor);
      return signInContact(tenant, { contactId, organization });
    });
  },
});

async function requireVisitorQuota(ctx: TenantContext): Promise<void> {
  const { tenantId, ip } = ctx;
  const exceeded = CustomerSignInErrors.TooManyVisitors;
  const perNetwork = quotaKey('visitors', `${tenantId} ${ipPrefix(ip ?? 'unknown')}`);
  await requireDailyQuota(ctx, perNetwork, { max: MAX_PER_NETWORK_AND_DAY, exceeded });
  const perOrganization = quotaKey('visitors', tenantId);
  await requireDailyQuota(ctx, perOrganization, { max: MAX_PER_ORGANIZATION_AND_DAY, exceeded });
}
