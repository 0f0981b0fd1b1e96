import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import { UserErrors } from '../errors.ts';
import { invitations } from '../tables.ts';

/** Invitations that may still be accepted, by their own dates. */
export const isPending = and(isNull(invitations.acceptedAt), gt(invitations.expiresAt, sql`now()`));

/** One that may still be accepted, or undefined. */
export async function findPendingInvitation({ tx, tenantId }: TenantContext, id: Id<'inv'>) {
  const [invitation] = await tx
    .select()
    .from(invitations)
    .where(and(eq(invitations.tenantId, tenantId), eq(invitations.id, id), isPending))
    .execute();
  return invitation;
}

/** One that may still be accepted; throws 404. */
export async function requirePendingInvitation(ctx: TenantContext, id: Id<'inv'>) {
  const invitation = await findPendingInvitation(ctx, id);
  if (!invitation) throw UserErrors.InvitationNotFound();
  return invitation;
}

/** Makes all that a member has offered void, as it leaves. */
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
