import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { revokeSessions } from './revoke-sessions.ts';

/** Ends every session of the caller in this organisation. */
export const logoutAll = defineAction({
  summary: 'Sign out everywhere',
  input: z.strictObject({}),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'write',
  async run(ctx) {
    await revokeSessions(ctx, { userId: ctx.actor.userId });
  },
});
