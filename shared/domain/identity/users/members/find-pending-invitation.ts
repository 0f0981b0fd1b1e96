import type { Context, TenantContext } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { and, gt, isNull, sql } from 'drizzle-orm';
import { InvitationErrors } from './errors.ts';
import { invitations } from './tables.ts';

/** Invitations that are neither accepted nor expired. */
export const isPending = and(isNull(invitations.acceptedAt), gt(invitations.expiresAt, sql`now()`));

export async function findPendingInvitation({ tx, tenantId }: TenantContext, id: Id<'inv'>) {
  const [invitation] = await tx
    .select()
    .from(invitations)
    .where(and(matches(invitations, { tenantId, id }), isPending))
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
      and(matches(invitations, { tenantId, invitedBy: userId }), isNull(invitations.acceptedAt)),
    );
}

export const createInvitationToken = (ctx: Context, tenantId: Id<'org'>, id: Id<'inv'>) =>
  ctx.security.tokenCodec.encode('invitation', [tenantId, id]);

/** The invitation of a token; throws 422 for a token that we did not sign. */
export function decodeInvitationToken(ctx: Context, token: string) {
  const [tenantId, id] = ctx.security.tokenCodec.decode('invitation', token) ?? [];
  if (!isId('org', tenantId) || !isId('inv', id)) throw InvitationErrors.Invalid();
  return { tenantId, id };
}
