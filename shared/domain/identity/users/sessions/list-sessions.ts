import { defineAction } from '@insightdesk/shared/context';
import { matches } from '@insightdesk/shared/database';
import { and, desc } from 'drizzle-orm';
import { z } from 'zod';
import { isLiveSession, sessions } from './tables.ts';
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
      .where(and(matches(sessions, { tenantId, userId: actor.userId }), isLiveSession))
      .orderBy(desc(sessions.createdAt))
      .limit(100)
      .execute();
    const currentId = actor.kind === 'user' ? actor.sessionId : undefined;
    return { items: rows.map((row) => toSession(row, currentId)), nextCursor: null };
  },
});
