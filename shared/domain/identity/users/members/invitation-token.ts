import type { Context } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import { InvitationErrors } from './errors.ts';

/** The token in the link of an invitation. */
export const createInvitationToken = (ctx: Context, tenantId: Id<'org'>, id: Id<'inv'>) =>
  ctx.security.tokenCodec.encode('invitation', [tenantId, id]);

/** The invitation of a token; throws 422 for a token that we did not sign. */
export function decodeInvitationToken(ctx: Context, token: string) {
  const [tenantId, id] = ctx.security.tokenCodec.decode('invitation', token) ?? [];
  if (!isId('org', tenantId) || !isId('inv', id)) throw InvitationErrors.Invalid();
  return { tenantId, id };
}
