import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import { conversations } from './tables.ts';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';

const forUpdate = statement(
  { ...viewerColumns.given, id: conversations.id },
  ({ id, ...eyes }, q) =>
    q
      .select({
        ...getTableColumns(conversations),
        now: sql<Date>`now()`.mapWith(conversations.createdAt),
      })
      .from(conversations)
      .where(and(visibleConversations(eyes), eq(conversations.id, id)))
      .for('update'),
  viewerColumns,
);

/**
 * Locks a conversation that the caller may see: everything in it happens one after the other.
 * `now` is the time of the transaction.
 */
export async function lockConversation(ctx: MemberTenantContext, id: Id<'cnv'>) {
  const [row] = await forUpdate(ctx.tx, { ...viewerOf(ctx), id });
  return row;
}
