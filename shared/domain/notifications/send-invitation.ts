import type { Context } from '@insightdesk/shared/context';
import { invitationToken } from '@insightdesk/shared/domain/users';
import { renderEmail } from '@insightdesk/shared/email';
import type { z } from 'zod';
import { deliver } from './deliver.ts';
import type { emailInvitation } from './jobs.ts';

/** Mails an invitation; its link ends in `?token=…`. */
export async function sendInvitation(
  ctx: Context,
  invitation: z.output<typeof emailInvitation.payload>,
) {
  if (!ctx.tenantId) return;
  const { invitationId, email, organizationName, inviterName, role } = invitation;
  const token = invitationToken(ctx, ctx.tenantId, invitationId);
  const title = `${inviterName} invites you to ${organizationName}`;
  const body = renderEmail({
    title,
    paragraphs: [
      `You are invited to join ${organizationName} as ${role === 'customer' ? 'a customer' : `${role}`}.`,
      'The link below is for you alone and is valid for seven days.',
    ],
    action: {
      label: 'Accept the invitation',
      url: `${ctx.settings.publicUrl}/invitations/accept?token=${token}`,
    },
    footer: `Sent by InsightDesk on behalf of ${organizationName}.`,
  });
  await deliver(ctx, invitationId, { to: email, subject: title, ...body });
}
