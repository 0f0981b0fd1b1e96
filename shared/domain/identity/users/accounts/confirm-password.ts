import type { UserContext } from '@insightdesk/shared/context';
import { requireOwnPassword } from './find-by-credentials.ts';
import { requireLiveSession } from '../sessions/require-live-session.ts';

/** The caller, who has just typed its password again; as requireOwnPassword. */
export async function confirmPassword(ctx: UserContext, password: string) {
  await requireLiveSession(ctx);
  return requireOwnPassword(ctx, ctx.actor.userId, password);
}
