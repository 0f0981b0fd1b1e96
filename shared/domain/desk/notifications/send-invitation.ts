import { type Context, readTenant } from '@insightdesk/shared/context';
import {
  createInvitationToken,
  findPendingInvitation,
} from '@insightdesk/shared/domain/identity/users';
import type { z } from 'zod';
import type { emailInvitation } from './jobs.ts';
import { safeDisplayName } from './safe-display-name.ts';
import { sendOnce } from './send-once.ts';
import { renderTemplated } from './templates/find-template.ts';

/** Sends an invitation that is still pending; its link ends in `?token=…`. */
export async function sendInvitation(
  ctx: Context,
  invitation: z.output<typeof emailInvitation.payload>,
) {
  const { invitationId, email, role, sendCount = 1 } = invitation;
  const organization = safeDisplayName(invitation.organizationName);
  const values = {
    'organization.name': organization,
    'product.name': ctx.settings.appName,
    'inviter.name': safeDisplayName(invitation.inviterName),
    role: role === 'customer' ? 'a customer' : role,
  };
  const [pending, rendered] = await readTenant(ctx, (tenant) =>
    Promise.all([
      findPendingInvitation(tenant, invitationId),
      renderTemplated(tenant, { name: 'invitation', locale: 'en' }, { values }),
    ]),
  );
  if (!ctx.tenantId || !pending) return;
  const token = createInvitationToken(ctx, ctx.tenantId, invitationId);
  const key = sendCount > 1 ? `${invitationId}.${sendCount}` : invitationId;
  await sendOnce(ctx, key, {
    to: email,
    ...rendered,
    paragraphs: [
      ...rendered.paragraphs,
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
