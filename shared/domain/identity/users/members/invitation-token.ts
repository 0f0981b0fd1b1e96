import type { Context } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import { UserErrors } from '../errors.ts';

/** The token in an invitation's link. */
export const createInvitationToken = (ctx: Context, tenantId: Id<'org'>, id: Id<'inv'>) =>
  ctx.security.tokenCodec.seal('invitation', [tenantId, id]);

/** Which invitation a link's token stands for; throws 422 when it is none of ours. */
export function readInvitationToken(ctx: Context, token: string) {
  const [tenantId, id] = ctx.security.tokenCodec.open('invitation', token) ?? [];
  if (!isId('org', tenantId) || !isId('inv', id)) throw UserErrors.InvitationInvalid();
  return { tenantId, id };
}
