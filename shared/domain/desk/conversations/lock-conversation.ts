import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';
import { conversations } from './tables.ts';

const selectForUpdate = statement(
  { ...viewerColumns.given, id: conversations.id },
  ({ id, ...viewer }, q) =>
    q
      .select({
        ...getTableColumns(conversations),
        now: sql<Date>`now()`.mapWith(conversations.createdAt),
      })
      .from(conversations)
      .where(and(visibleConversations(viewer), eq(conversations.id, id)))
      .for('update'),
  viewerColumns,
);

/**
 * Locks a conversation that the caller may see, so that its changes are serialized. `now` is the time
 * of the transaction.
 */
export async function lockConversation(ctx: MemberTenantContext, id: Id<'cnv'>) {
  const [row] = await selectForUpdate(ctx.tx, { ...viewerOf(ctx), id });
  return row;
}
