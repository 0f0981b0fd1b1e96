import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { TenantErrors } from '@insightdesk/shared/domain/tenancy/tenants';
import { AccountErrors } from '../accounts/errors.ts';
import { listMemberships } from '../members/list-memberships.ts';

/** The wanted organization of the user, or the first one that is not disabled. */
export async function chooseOrganization(
  ctx: Context,
  userId: Id<'usr'>,
  wanted: Id<'org'> | undefined,
) {
  const memberships = await listMemberships(ctx, userId);
  const eligible = memberships.filter(({ id }) => wanted === undefined || id === wanted);
  const enabled = eligible.find(({ disabledAt }) => disabledAt === null);
  if (enabled) return { organization: enabled, role: enabled.role };
  throw eligible.length > 0 ? TenantErrors.Disabled() : AccountErrors.InvalidCredentials();
}
