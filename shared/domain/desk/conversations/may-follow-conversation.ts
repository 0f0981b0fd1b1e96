import { type MemberContext, readTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { conversations } from './tables.ts';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';

const idOfVisible = statement(
  { ...viewerColumns.given, id: conversations.id },
  ({ id, ...eyes }, q) =>
    q
      .select({ id: conversations.id })
      .from(conversations)
      .where(and(visibleConversations(eyes), eq(conversations.id, id))),
  viewerColumns,
);

/** Whether it is the caller's own conversation, or the caller is staff and it exists. */
export async function canReadConversation(ctx: MemberContext, id: Id<'cnv'>): Promise<boolean> {
  const [row] = await readTenant(ctx, ({ tx }) => idOfVisible(tx, { ...viewerOf(ctx), id }));
  return row !== undefined;
}
