import { defineAction, email } from '@insightdesk/shared/context';
import { idSchema, roles } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { addDays, newId } from '@insightdesk/shared/utils';
import { and, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { InvitationErrors, MemberErrors } from './errors.ts';
import { findMemberByEmail } from './find-member.ts';
import { requirePendingInvitation } from './find-pending-invitation.ts';
import { requestInvitationEmail } from './request-invitation-email.ts';
import { requireCanInvite } from './require-can-invite.ts';
import { invitations } from './tables.ts';

const INVITATION_VALIDITY_DAYS = 7;

/** A second invitation to the same address replaces the first. */
export const inviteMember = defineAction({
  summary: 'Invite a member by email',
  input: z.strictObject({ email: email(), role: z.enum(roles) }),
  output: z
    .object({ id: idSchema('inv'), expiresAt: z.iso.datetime() })
    .meta({ id: 'SentInvitation' }),
  allow: 'customers:invite',
  transaction: 'write',
  async run(ctx, input) {
    const { tx, tenantId, actor } = ctx;
    await requireCanInvite(ctx, input.role);
    if (await findMemberByEmail(ctx, input.email)) throw MemberErrors.AlreadyMember();
    const invitation = {
      id: newId('inv'),
      role: input.role,
      invitedBy: actor.userId,
      expiresAt: addDays(new Date(), INVITATION_VALIDITY_DAYS),
      acceptedAt: null,
      createdAt: new Date(),
      sendCount: 1,
    };
    await tx
      .insert(invitations)
      .values({ tenantId, email: input.email, ...invitation })
      .onConflictDoUpdate({ target: [invitations.tenantId, invitations.email], set: invitation });
    await requestInvitationEmail(ctx, { email: input.email, ...invitation });
    return { id: invitation.id, expiresAt: invitation.expiresAt.toISOString() };
  },
});

const MAX_SENDS = 5;

/** Extends the invitation and makes the caller its inviter. */
export const resendInvitation = defineAction({
  summary: 'Resend an invitation',
  input: z.strictObject({ id: idSchema('inv') }),
  output: z
    .object({ id: idSchema('inv'), expiresAt: z.iso.datetime() })
    .meta({ id: 'SentInvitation' }),
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
          matches(invitations, { tenantId: ctx.tenantId, id }),
          lt(invitations.sendCount, MAX_SENDS),
        ),
      )
      .returning();
    if (!invitation) throw InvitationErrors.SentTooOften();
    await requestInvitationEmail(ctx, invitation);
    return { id, expiresAt: invitation.expiresAt.toISOString() };
  },
});
