import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { TenantErrors } from '@insightdesk/shared/domain/tenancy/tenants';
import { UserErrors } from '../errors.ts';
import { listMemberships } from '../members/list-memberships.ts';

/** One of the person's organisations: the one wanted, or the first that is not disabled. */
export async function chooseOrganization(
  ctx: Context,
  userId: Id<'usr'>,
  wanted: Id<'org'> | undefined,
) {
  const all = await listMemberships(ctx, userId);
  const eligible = all.filter(({ id }) => wanted === undefined || id === wanted);
  const open = eligible.find(({ disabledAt }) => disabledAt === null);
  if (open) return { organization: open, role: open.role };
  throw eligible.length > 0 ? TenantErrors.Disabled() : UserErrors.InvalidCredentials();
}
