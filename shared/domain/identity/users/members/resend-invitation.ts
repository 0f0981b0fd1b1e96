import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { addDays } from '@insightdesk/shared/utils';
import { and, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { InvitationErrors } from './errors.ts';
import { requirePendingInvitation } from './find-pending-invitation.ts';
import { INVITATION_VALIDITY_DAYS } from './invite-member.ts';
import { requestInvitationEmail } from './request-invitation-email.ts';
import { requireCanInvite } from './require-can-invite.ts';
import { invitations } from './tables.ts';

const MAX_SENDS = 5;

/** Extends the invitation and makes the caller its inviter. */
export const resendInvitation = defineAction({
  summary: 'Resend an invitation',
  input: z.strictObject({ id: idSchema('inv') }),
  output: z.object({ id: idSchema('inv'), expiresAt: z.iso.datetime() }),
  allow: 'customers:invite',
  transaction: 'write',
  async run(ctx, { id }) {
    const { role } = await requirePendingInvitation(ctx, id);
    await requireCanInvite(ctx, role);
    const [invitation] = await ctx.tx
      .update(invitations)
      .set({
        sendCount: sql`${invitations.sendCount} + 1`,
        invitedBy: ctx.actor.userId,
        expiresAt: addDays(new Date(), INVITATION_VALIDITY_DAYS),
      })
      .where(
        and(
          eq(invitations.tenantId, ctx.tenantId),
          eq(invitations.id, id),
          lt(invitations.sendCount, MAX_SENDS),
        ),
      )
      .returning();
    if (!invitation) throw InvitationErrors.SentTooOften();
    await requestInvitationEmail(ctx, invitation);
    return { id, expiresAt: invitation.expiresAt.toISOString() };
  },
});
