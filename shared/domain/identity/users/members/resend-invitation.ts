import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { addDays } from '@insightdesk/shared/utils';
import { and, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from '../errors.ts';
import { requestInvitationEmail } from './request-invitation-email.ts';
import { requirePendingInvitation } from './find-pending-invitation.ts';
import { requireCanInvite } from './require-can-invite.ts';
import { invitations } from '../tables.ts';
import { INVITATION_DAYS } from '../view.ts';

const MOST_SENDS = 5;

/** Mails an invitation again, with a new term; from now on the caller answers for it. */
export const resendInvitation = defineAction({
  summary: 'Mail an invitation again',
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
        sends: sql`${invitations.sends} + 1`,
        invitedBy: ctx.actor.userId,
        expiresAt: addDays(new Date(), INVITATION_DAYS),
      })
      .where(
        and(
          eq(invitations.tenantId, ctx.tenantId),
          eq(invitations.id, id),
          lt(invitations.sends, MOST_SENDS),
        ),
      )
      .returning();
    if (!invitation) throw UserErrors.InvitationSentOften();
    await requestInvitationEmail(ctx, invitation);
    return { id, expiresAt: invitation.expiresAt.toISOString() };
  },
});
