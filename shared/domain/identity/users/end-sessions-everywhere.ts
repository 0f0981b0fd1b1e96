import type { Context } from '@insightdesk/shared/context';
import type { z } from 'zod';
import { endOlderSessions } from './sessions/revoke-older-sessions.ts';
import type { endedSessions } from './sessions/older-sessions.ts';

/** Ends what was left, where whoever replaced the password did not live to. */
export const endSessionsEverywhere = (
  ctx: Context,
  ended: z.output<typeof endedSessions>,
): Promise<void> => endOlderSessions(ctx, ended);
