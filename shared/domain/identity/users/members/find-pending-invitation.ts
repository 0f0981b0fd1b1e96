import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import { InvitationErrors } from './errors.ts';
import { invitations } from './tables.ts';

/** Invitations that are neither accepted nor expired. */
export const isPending = and(isNull(invitations.acceptedAt), gt(invitations.expiresAt, sql`now()`));

export async function findPendingInvitation({ tx, tenantId }: TenantContext, id: Id<'inv'>) {
  const [invitation] = await tx
    .select()
    .from(invitations)
    .where(and(eq(invitations.tenantId, tenantId), eq(invitations.id, id), isPending))
    .execute();
  return invitation;
}

export async function requirePendingInvitation(ctx: TenantContext, id: Id<'inv'>) {
  const invitation = await findPendingInvitation(ctx, id);
  if (!invitation) throw InvitationErrors.NotFound();
  return invitation;
}

/** Deletes the pending invitations of a member who is removed. */
export async function deleteInvitationsBy({ tx, tenantId }: TenantContext, userId: Id<'usr'>) {
  await tx
    .delete(invitations)
    .where(
      and(
        eq(invitations.tenantId, tenantId),
        eq(invitations.invitedBy, userId),
        isNull(invitations.acceptedAt),
      ),
    );
}
