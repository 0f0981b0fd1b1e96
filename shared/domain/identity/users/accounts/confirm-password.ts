import type { UserContext } from '@insightdesk/shared/context';
import { requireLiveSession } from '../sessions/require-live-session.ts';
import { requireOwnPassword } from './find-by-credentials.ts';

/** The caller, if the session is live and this is their password; throws like requireOwnPassword. */
export async function confirmPassword(ctx: UserContext, password: string) {
  await requireLiveSession(ctx);
  return requireOwnPassword(ctx, ctx.actor.userId, password);
}
