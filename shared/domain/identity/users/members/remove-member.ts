import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema, type Role } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { sessions } from '../sessions/tables.ts';
import { members } from '../tables.ts';
import { memberRemoved } from './events.ts';
import { memberById, requireAnotherOwner, requireMember } from './find-member.ts';
import { deleteInvitationsBy } from './find-pending-invitation.ts';
import { requireCanManage } from './require-can-manage.ts';

/** Removes a member and revokes their sessions; their messages remain. */
export const removeMember = defineAction({
  summary: 'Remove a member',
  input: z.strictObject({ userId: idSchema('usr') }),
  output: z.void(),
  allow: 'members:manage',
  transaction: 'write',
  async run(ctx, { userId }) {
    const member = await requireMember(ctx, userId);
    await requireCanManage(ctx, member);
    await endMembership(ctx, member);
  },
});

/** Ends a membership with its sessions and pending invitations; throws 409 for the last owner. */
export async function endMembership(
  ctx: TenantContext,
  { id: userId, role }: { id: Id<'usr'>; role: Role },
): Promise<void> {
  if (role === 'owner') await requireAnotherOwner(ctx, userId);
  const now = new Date();
  await ctx.tx.update(members).set({ removedAt: now, roleId: null }).where(memberById(ctx, userId));
  await ctx.tx
    .update(sessions)
    .set({ revokedAt: now })
    .where(matches(sessions, { tenantId: ctx.tenantId, userId }));
  await deleteInvitationsBy(ctx, userId);
  await record(ctx, memberRemoved, { userId });
}
