import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { SessionErrors } from './errors.ts';
import { revokeSessions } from './revoke-sessions.ts';

export const logout = defineAction({
  summary: 'Log out',
  input: z.strictObject({}),
  output: z.void(),
  allow: 'account:manage',
  duringSetup: true,
  allowsProviderSession: true,
  transaction: 'write',
  async run(ctx) {
    const { userId, sessionId } = ctx.actor;
    await revokeSessions(ctx, { userId, sessionId });
  },
});

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
