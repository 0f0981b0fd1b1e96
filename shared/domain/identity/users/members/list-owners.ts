import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, isNull } from 'drizzle-orm';
import { members } from '../tables.ts';
import { MemberErrors } from './errors.ts';
import { selectMembers } from './find-member.ts';

/** The active owners of the organization. */
export const listOwners = (ctx: TenantContext) =>
  selectMembers(ctx, eq(members.role, 'owner')).execute();

/** Throws 409 for the last owner. Locks the owners, so that two cannot leave concurrently. */
export async function requireAnotherOwner(ctx: TenantContext, leavingUserId: Id<'usr'>) {
  const owners = await ctx.tx
    .select({ userId: members.userId })
    .from(members)
    .where(
      and(eq(members.tenantId, ctx.tenantId), eq(members.role, 'owner'), isNull(members.removedAt)),
    )
    .for('update');
  if (!owners.some(({ userId }) => userId !== leavingUserId)) throw MemberErrors.LastOwner();
}
