import { defineAction, email } from '@insightdesk/shared/context';
import { idSchema, roles } from '@insightdesk/shared/contract';
import { addDays, newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { UserErrors } from '../errors.ts';
import { requestInvitationEmail } from './request-invitation-email.ts';
import { findMemberByEmail } from './find-member.ts';
import { requireCanInvite } from './require-can-invite.ts';
import { invitations } from '../tables.ts';
import { INVITATION_DAYS } from '../view.ts';

/** Invites a person by e-mail; a second invitation to the same address replaces the first. */
export const inviteMember = defineAction({
  summary: 'Invite somebody by e-mail',
  input: z.strictObject({ email: email(), role: z.enum(roles) }),
  output: z.object({ id: idSchema('inv'), expiresAt: z.iso.datetime() }),
  allow: 'customers:invite',
  transaction: 'write',
  async run(ctx, input) {
    const { tx, tenantId, actor } = ctx;
    await requireCanInvite(ctx, input.role);
    if (await findMemberByEmail(ctx, input.email)) throw UserErrors.AlreadyMember();
    const fresh = {
      id: newId('inv'),
      role: input.role,
      invitedBy: actor.userId,
      expiresAt: addDays(new Date(), INVITATION_DAYS),
      acceptedAt: null,
      createdAt: new Date(),
      sends: 1,
    };
    await tx
      .insert(invitations)
      .values({ tenantId, email: input.email, ...fresh })
      .onConflictDoUpdate({ target: [invitations.tenantId, invitations.email], set: fresh });
    await requestInvitationEmail(ctx, { email: input.email, ...fresh });
    return { id: fresh.id, expiresAt: fresh.expiresAt.toISOString() };
  },
});
