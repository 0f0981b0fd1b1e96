import { defineAction, email } from '@insightdesk/shared/context';
import { idSchema, roles } from '@insightdesk/shared/contract';
import { addDays, newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { MemberErrors } from './errors.ts';
import { findMemberByEmail } from './find-member.ts';
import { requestInvitationEmail } from './request-invitation-email.ts';
import { requireCanInvite } from './require-can-invite.ts';
import { invitations } from './tables.ts';

export const INVITATION_VALIDITY_DAYS = 7;

/** A second invitation to the same address replaces the first. */
export const inviteMember = defineAction({
  summary: 'Invite a member by email',
  input: z.strictObject({ email: email(), role: z.enum(roles) }),
  output: z.object({ id: idSchema('inv'), expiresAt: z.iso.datetime() }),
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
