import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { organizations, TenantErrors } from '@insightdesk/shared/domain/tenants';
import { and, asc, eq, isNull } from 'drizzle-orm';
import { UserErrors } from './errors.ts';
import { members } from './tables.ts';

const memberships = statement({ userId: members.userId }, ({ userId }, q) =>
  q
    .select({ tenantId: members.tenantId, role: members.role })
    .from(members)
    .where(and(eq(members.userId, userId), isNull(members.removedAt)))
    .orderBy(asc(members.createdAt)),
);

const organizationById = statement({ id: organizations.id }, ({ id }, q) =>
  q
    .select({
      id: organizations.id,
      name: organizations.name,
      disabledAt: organizations.disabledAt,
    })
    .from(organizations)
    .where(eq(organizations.id, id)),
);

/** One of the person's organisations: the one wanted, or the first that is not disabled. */
export async function chooseOrganization(
  ctx: Context,
  userId: Id<'usr'>,
  wanted: Id<'org'> | undefined,
) {
  const all = await ctx.database.read({ userId }, (tx) => memberships(tx, { userId }));
  const eligible = all.filter(({ tenantId }) => wanted === undefined || tenantId === wanted);
  for (const { tenantId, role } of eligible) {
    const [organization] = await ctx.database.read({ tenantId }, (tx) =>
      organizationById(tx, { id: tenantId }),
    );
    if (organization?.disabledAt === null) return { organization, role };
  }
  throw eligible.length > 0 ? TenantErrors.Disabled() : UserErrors.InvalidCredentials();
}
