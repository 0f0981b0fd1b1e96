import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { organizations, TenantErrors } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, asc, eq, isNull } from 'drizzle-orm';
import { AccountErrors } from '../accounts/errors.ts';
import { members } from '../tables.ts';

const MAX_MEMBERSHIPS = 1000;

/** The organizations that a user is an active member of, oldest membership first. */
export const listMemberships = (ctx: Context, userId: Id<'usr'>) =>
  ctx.database.read({ userId }, (tx) =>
    tx
      .select({
        id: organizations.id,
        name: organizations.name,
        disabledAt: organizations.disabledAt,
        requireTwoFactor: organizations.requireTwoFactor,
        role: members.role,
      })
      .from(members)
      .innerJoin(organizations, eq(organizations.id, members.tenantId))
      .where(and(eq(members.userId, userId), isNull(members.removedAt)))
      .orderBy(asc(members.createdAt), asc(members.tenantId))
      .limit(MAX_MEMBERSHIPS)
      .execute(),
  );

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
