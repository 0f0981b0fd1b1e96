import { defineAction } from '@insightdesk/shared/context';
import { roles } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { findUserByEmail } from '../accounts/find-user-by-email.ts';
import { users } from '../tables.ts';
import { InvitationErrors } from './errors.ts';
import { decodeInvitationToken } from './find-pending-invitation.ts';
import { invitations } from './tables.ts';

/** What an invited person is shown. The emailed token proves access to the address. */
export const getInvitation = defineAction({
  summary: 'Get the invitation of an emailed token',
  input: z.strictObject({ token: z.string().max(1000) }),
  output: z
    .object({
      email: z.string(),
      role: z.enum(roles),
      organization: z.object({ name: z.string() }),
      invitedBy: z.object({ name: z.string() }),
      hasAccount: z
        .boolean()
        .describe('An account has verified the address: accept with its password, without a name'),
      expiresAt: z.iso.datetime(),
    })
    .meta({ id: 'InvitationPreview' }),
  allow: 'anyone',
  async run(ctx, { token }) {
    const { tenantId, id } = decodeInvitationToken(ctx, token);
    const [invitation] = await ctx.database.read({ tenantId }, (tx) =>
      tx
        .select({
          email: invitations.email,
          role: invitations.role,
          expiresAt: invitations.expiresAt,
          acceptedAt: invitations.acceptedAt,
          organization: { name: organizations.name },
          invitedBy: { name: users.name },
        })
        .from(invitations)
        .innerJoin(organizations, eq(organizations.id, invitations.tenantId))
        .innerJoin(users, eq(users.id, invitations.invitedBy))
        .where(matches(invitations, { tenantId, id }))
        .execute(),
    );
    if (!invitation || invitation.expiresAt < new Date()) throw InvitationErrors.Invalid();
    const { acceptedAt, expiresAt, ...shown } = invitation;
    if (acceptedAt) throw InvitationErrors.Used();
    const hasAccount = (await findUserByEmail(ctx, invitation.email)) !== undefined;
    return { ...shown, hasAccount, expiresAt: expiresAt.toISOString() };
  },
});
