import { defineAction } from '@insightdesk/shared/context';
import { idSchema, roles } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, desc, eq, gt, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { sessionRevoked } from './events.ts';
import { sessions } from './tables.ts';
import { sessionView, toSession } from './view.ts';

/** A session that has neither been ended nor run out. */
export const live = and(isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`));

/** The caller's live sessions in this organisation, newest first. */
export const listSessions = defineAction({
  summary: "List the caller's sessions",
  input: z.strictObject({}),
  output: z.object({ items: z.array(sessionView), nextCursor: z.null() }),
  allow: roles,
  transaction: 'read',
  async run({ tx, tenantId, actor }) {
    const rows = await tx
      .select()
      .from(sessions)
      .where(and(eq(sessions.tenantId, tenantId), eq(sessions.userId, actor.userId), live))
      .orderBy(desc(sessions.createdAt))
      .limit(100)
      .execute();
    return { items: rows.map((row) => toSession(row, actor.sessionId)), nextCursor: null };
  },
});

/** Ends one of the caller's sessions. */
export const revokeSession = defineAction({
  summary: "End one of the caller's sessions",
  input: z.strictObject({ id: idSchema('ses') }),
  output: z.void(),
  allow: roles,
  transaction: 'write',
  async run(ctx, { id }) {
    const ended = await endSessions(ctx, id);
    if (ended === 0) throw UserErrors.SessionNotFound();
  },
});

/** Ends the session of this call. */
export const logout = defineAction({
  summary: 'Sign out',
  input: z.strictObject({}),
  output: z.void(),
  allow: roles,
  transaction: 'write',
  async run(ctx) {
    await endSessions(ctx, ctx.actor.sessionId);
  },
});

/** Ends every session of the caller in this organisation. */
export const logoutAll = defineAction({
  summary: 'Sign out everywhere',
  input: z.strictObject({}),
  output: z.void(),
  allow: roles,
  transaction: 'write',
  async run(ctx) {
    await endSessions(ctx);
  },
});

type Caller = Parameters<typeof record>[0] & { actor: { userId: `usr_${string}` } };

async function endSessions(ctx: Caller, id?: `ses_${string}`): Promise<number> {
  const { userId } = ctx.actor;
  const ended = await ctx.tx
    .update(sessions)
    .set({ revokedAt: new Date() })
    .where(
      and(
        eq(sessions.tenantId, ctx.tenantId),
        eq(sessions.userId, userId),
        id ? eq(sessions.id, id) : undefined,
        live,
      ),
    )
    .returning({ sessionId: sessions.id });
  for (const { sessionId } of ended) await record(ctx, sessionRevoked, { sessionId, userId });
  return ended.length;
}
