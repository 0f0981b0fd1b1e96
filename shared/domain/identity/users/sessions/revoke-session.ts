import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { revokeSessions } from './revoke-sessions.ts';
import { UserErrors } from '../errors.ts';

export const revokeSession = defineAction({
  summary: "End one of the caller's sessions",
  input: z.strictObject({ id: idSchema('ses') }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const ended = await revokeSessions(ctx, { userId: ctx.actor.userId, sessionId: id });
    if (ended === 0) throw UserErrors.SessionNotFound();
  },
});
