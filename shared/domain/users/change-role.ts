import { defineAction } from '@insightdesk/shared/context';
import { idSchema, roles } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { memberUpdated } from './events.ts';
import { isMember, requireMember } from './members.ts';
import { requireAnotherOwner } from './owners.ts';
import { members } from './tables.ts';
import { memberView, toMember } from './view.ts';

export const changeRole = defineAction({
  summary: "Change a member's role",
  input: z.strictObject({ userId: idSchema('usr'), role: z.enum(roles) }),
  output: memberView,
  allow: 'members:manage',
  transaction: 'write',
  async run(ctx, { userId, role }) {
    const member = await requireMember(ctx, userId);
    if (ctx.actor.role !== 'owner' && (member.role === 'owner' || role === 'owner')) {
      throw UserErrors.OwnersOnly();
    }
    if (member.role === 'owner' && role !== 'owner') await requireAnotherOwner(ctx, userId);
    await ctx.tx.update(members).set({ role }).where(isMember(ctx, userId));
    await record(ctx, memberUpdated, { userId, role });
    return toMember({ ...member, role });
  },
});
