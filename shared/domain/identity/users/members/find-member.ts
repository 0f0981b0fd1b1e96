import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { and, eq, isNull, type SQL } from 'drizzle-orm';
import { members, users } from '../tables.ts';
import { MemberErrors } from './errors.ts';

const columns = {
  id: users.id,
  email: users.email,
  name: users.name,
  emailVerifiedAt: users.emailVerifiedAt,
  role: members.role,
  roleId: members.roleId,
  avatarUrl: members.avatarUrl,
  createdAt: members.createdAt,
};

/** Selects active members of the organization. */
export const selectMembers = ({ tx, tenantId }: TenantContext, where: SQL | undefined) =>
  tx
    .select(columns)
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(and(eq(members.tenantId, tenantId), isNull(members.removedAt), where));

export async function findMember(ctx: TenantContext, userId: Id<'usr'>) {
  const [member] = await selectMembers(ctx, eq(members.userId, userId)).execute();
  return member;
}

export async function findMemberByEmail(ctx: TenantContext, address: string) {
  const [member] = await selectMembers(ctx, eq(users.email, address)).execute();
  return member;
}

export async function requireMember(ctx: TenantContext, userId: Id<'usr'>) {
  const member = await findMember(ctx, userId);
  if (!member) throw MemberErrors.NotFound();
  return member;
}

export const memberById = (ctx: Pick<TenantContext, 'tenantId'>, userId: Id<'usr'>) =>
  matches(members, { tenantId: ctx.tenantId, userId });

/** The active owners of the organization. */
export const listOwners = (ctx: TenantContext) =>
  selectMembers(ctx, eq(members.role, 'owner')).execute();

/** Throws 409 for the last owner. Locks the owners, so that two cannot leave concurrently. */
export async function requireAnotherOwner(ctx: TenantContext, leavingUserId: Id<'usr'>) {
  const owners = await ctx.tx
    .select({ userId: members.userId })
    .from(members)
    .where(
      and(matches(members, { tenantId: ctx.tenantId, role: 'owner' }), isNull(members.removedAt)),
    )
    .for('update');
  if (!owners.some(({ userId }) => userId !== leavingUserId)) throw MemberErrors.LastOwner();
}
