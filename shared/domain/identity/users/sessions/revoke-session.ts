import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { SessionErrors } from './errors.ts';
import { revokeSessions } from './revoke-sessions.ts';

export const revokeSession = defineAction({
  summary: "Revoke one of the caller's sessions",
  input: z.strictObject({ id: idSchema('ses') }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const revoked = await revokeSessions(ctx, { userId: ctx.actor.userId, sessionId: id });
    if (revoked === 0) throw SessionErrors.NotFound();
  },
});
