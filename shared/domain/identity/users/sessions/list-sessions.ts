import { defineAction } from '@insightdesk/shared/context';
import { and, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { isLiveSession } from './is-live-session.ts';
import { sessions } from './tables.ts';
import { sessionView, toSession } from './view.ts';

export const listSessions = defineAction({
  summary: "List the caller's active sessions in this organization",
  input: z.strictObject({}),
  output: z.object({ items: z.array(sessionView), nextCursor: z.null() }),
  allow: 'account:read',
  transaction: 'read',
  async run({ tx, tenantId, actor }) {
    const rows = await tx
      .select()
      .from(sessions)
      .where(and(eq(sessions.tenantId, tenantId), eq(sessions.userId, actor.userId), isLiveSession))
      .orderBy(desc(sessions.createdAt))
      .limit(100)
      .execute();
    const currentId = actor.kind === 'user' ? actor.sessionId : undefined;
    return { items: rows.map((row) => toSession(row, currentId)), nextCursor: null };
  },
});
