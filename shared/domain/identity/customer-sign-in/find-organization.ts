import type { TenantContext } from '@insightdesk/shared/context';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, eq, isNull } from 'drizzle-orm';

/** The organization, unless it is unknown or disabled or has not enabled the method. */
export async function findOrganizationWith(
  { tx, tenantId }: TenantContext,
  method: 'emailCodeSignIn' | 'anonymousVisitors',
) {
  const [organization] = await tx
    .select()
    .from(organizations)
    .where(
      and(
        eq(organizations.id, tenantId),
        eq(organizations[method], true),
        isNull(organizations.disabledAt),
      ),
    );
  return organization;
}
