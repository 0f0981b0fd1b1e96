import { type Context, readTenant } from '@insightdesk/shared/context';
import { findPendingInvitation, invitationToken } from '@insightdesk/shared/domain/identity/users';
import { renderEmail } from '@insightdesk/shared/email';
import type { z } from 'zod';
import { sendOnce } from './send-once.ts';
import type { emailInvitation } from './jobs.ts';
import { safeDisplayName } from './safe-display-name.ts';

/** Mails an invitation that is still good; its link ends in `?token=…`. */
export async function sendInvitation(
  ctx: Context,
  invitation: z.output<typeof emailInvitation.payload>,
) {
  const { invitationId, email, role, sends = 1 } = invitation;
  const pending = await readTenant(ctx, (tenant) => findPendingInvitation(tenant, invitationId));
  if (!ctx.tenantId || !pending) return;
  const token = invitationToken(ctx, ctx.tenantId, invitationId);
  const organization = safeDisplayName(invitation.organizationName);
  const title = `You are invited to join ${organization}`;
  const body = renderEmail({
    title,
    paragraphs: [
      `${safeDisplayName(invitation.inviterName)} invites you to join ${organization} as ${role === 'customer' ? 'a customer' : `${role}`}. What stands in quotation marks are names that they gave themselves.`,
      'The link below is for you alone and is valid for seven days.',
      'If you do not know them, do nothing.',
    ],
    action: {
      label: 'Accept the invitation',
      url: `${ctx.settings.appUrl}/invitations/accept?token=${token}`,
    },
    footer: `Sent by ${ctx.settings.appName} on behalf of ${organization}.`,
  });
  const key = sends > 1 ? `${invitationId}.${sends}` : invitationId;
  await sendOnce(ctx, key, { to: email, subject: title, ...body });
}
