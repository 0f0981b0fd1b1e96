import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { z } from 'zod';
import { requirePendingInvitation } from './find-pending-invitation.ts';
import { requireCanInvite } from './require-can-invite.ts';
import { invitations } from './tables.ts';

/** Any member who can assign the role of the invitation can revoke it. */
export const revokeInvitation = defineAction({
  summary: 'Revoke an invitation',
  input: z.strictObject({ id: idSchema('inv') }),
  output: z.void(),
  allow: 'customers:invite',
  transaction: 'write',
  async run(ctx, { id }) {
    const { role } = await requirePendingInvitation(ctx, id);
    await requireCanInvite(ctx, role);
    const self = matches(invitations, { tenantId: ctx.tenantId, id });
    await ctx.tx.delete(invitations).where(self);
  },
});
