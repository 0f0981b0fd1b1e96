import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { memberRemoved } from './events.ts';
import { isMember, requireMember } from './members.ts';
import { requireAnotherOwner } from './owners.ts';
import { members, sessions } from './tables.ts';

/** Takes a member out of the organisation and ends its sessions; what it wrote stays. */
export const removeMember = defineAction({
  summary: 'Remove a member',
  input: z.strictObject({ userId: idSchema('usr') }),
  output: z.void(),
  allow: 'members:manage',
  transaction: 'write',
  async run(ctx, { userId }) {
    const member = await requireMember(ctx, userId);
    if (member.role === 'owner') {
      if (ctx.actor.role !== 'owner') throw UserErrors.OwnersOnly();
      await requireAnotherOwner(ctx, userId);
    }
    const now = new Date();
    await ctx.tx.update(members).set({ removedAt: now }).where(isMember(ctx, userId));
    await ctx.tx
      .update(sessions)
      .set({ revokedAt: now })
      .where(and(eq(sessions.tenantId, ctx.tenantId), eq(sessions.userId, userId)));
    await record(ctx, memberRemoved, { userId });
  },
});
