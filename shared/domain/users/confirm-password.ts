import type { MemberContext } from '@insightdesk/shared/context';
import { findByOwnPassword } from './credentials.ts';
import { UserErrors } from './errors.ts';

/** The caller, who has just typed its password again; counts as an attempt like any other. */
export async function confirmPassword(ctx: MemberContext, password: string) {
  const own = await findByOwnPassword(ctx, ctx.actor.userId, password);
  if (!own) throw UserErrors.InvalidCredentials();
  return own;
}
