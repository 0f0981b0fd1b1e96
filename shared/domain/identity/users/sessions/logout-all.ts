import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { revokeSessions } from './revoke-sessions.ts';

export const logoutAll = defineAction({
  summary: 'Log out of all sessions in this organization',
  input: z.strictObject({}),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'write',
  async run(ctx) {
    await revokeSessions(ctx, { userId: ctx.actor.userId });
  },
});
