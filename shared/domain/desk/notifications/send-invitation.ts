import { type Context, readTenant } from '@insightdesk/shared/context';
import {
  createInvitationToken,
  findPendingInvitation,
} from '@insightdesk/shared/domain/identity/users';
import type { z } from 'zod';
import type { emailInvitation } from './jobs.ts';
import { safeDisplayName } from './safe-display-name.ts';
import { sendOnce } from './send-once.ts';

/** Sends an invitation that is still pending; its link ends in `?token=…`. */
export async function sendInvitation(
  ctx: Context,
  invitation: z.output<typeof emailInvitation.payload>,
) {
  const { invitationId, email, role, sendCount = 1 } = invitation;
  const pending = await readTenant(ctx, (tenant) => findPendingInvitation(tenant, invitationId));
  if (!ctx.tenantId || !pending) return;
  const token = createInvitationToken(ctx, ctx.tenantId, invitationId);
  const organization = safeDisplayName(invitation.organizationName);
  const key = sendCount > 1 ? `${invitationId}.${sendCount}` : invitationId;
  await sendOnce(ctx, key, {
    to: email,
    title: `You are invited to join ${organization}`,
    paragraphs: [
      `${safeDisplayName(invitation.inviterName)} invites you to join ${organization} as ${role === 'customer' ? 'a customer' : role}. They chose the names in quotation marks themselves.`,
      'This link expires in seven days and can be used once. Do not share it.',
      'If you do not know them, ignore this e-mail.',
    ],
    action: {
      label: 'Accept the invitation',
      url: `${ctx.settings.appUrl}/invitations/accept?token=${token}`,
    },
    footer: `Sent by ${ctx.settings.appName} on behalf of ${organization}.`,
  });
}
