import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { revokeSessions } from './revoke-sessions.ts';

export const logout = defineAction({
  summary: 'Log out',
  input: z.strictObject({}),
  output: z.void(),
  allow: 'account:manage',
  duringSetup: true,
  transaction: 'write',
  async run(ctx) {
    const { userId, sessionId } = ctx.actor;
    await revokeSessions(ctx, { userId, sessionId });
  },
});
