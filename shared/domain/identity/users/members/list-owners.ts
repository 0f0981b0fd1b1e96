import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, isNull } from 'drizzle-orm';
import { UserErrors } from '../errors.ts';
import { selectMembers } from './find-member.ts';
import { members } from '../tables.ts';

/** The active owners of the organisation. */
export const listOwners = (ctx: TenantContext) =>
  selectMembers(ctx, eq(members.role, 'owner')).execute();

/** Locks the owners, so that two cannot leave at the same moment. */
export async function requireAnotherOwner(ctx: TenantContext, leaving: Id<'usr'>) {
  const owners = await ctx.tx
    .select({ userId: members.userId })
    .from(members)
    .where(
      and(eq(members.tenantId, ctx.tenantId), eq(members.role, 'owner'), isNull(members.removedAt)),
    )
    .for('update');
  if (!owners.some(({ userId }) => userId !== leaving)) throw UserErrors.LastOwner();
}
