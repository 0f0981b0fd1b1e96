import type { MemberContext } from '@insightdesk/shared/context';
import { findByOwnPassword } from './credentials.ts';
import { UserErrors } from './errors.ts';
import { requireLiveSession } from './require-live-session.ts';

/** The caller, who has just typed its password again; counts as an attempt like any other. */
export async function confirmPassword(ctx: MemberContext, password: string) {
  await requireLiveSession(ctx);
  const user = await findByOwnPassword(ctx, ctx.actor.userId, password);
  if (!user) throw UserErrors.InvalidCredentials();
  return user;
}
