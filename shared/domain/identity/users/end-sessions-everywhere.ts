import type { Context } from '@insightdesk/shared/context';
import type { z } from 'zod';
import { revokeOlderSessions } from './sessions/revoke-older-sessions.ts';
import type { olderSessions } from './sessions/older-sessions.ts';

/** Ends what was left, where whoever replaced the password did not live to. */
export const endSessionsEverywhere = (
  ctx: Context,
  ended: z.output<typeof olderSessions>,
): Promise<void> => revokeOlderSessions(ctx, ended);
