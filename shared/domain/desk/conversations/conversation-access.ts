import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { conversations } from './tables.ts';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';

const customerOfVisible = statement(
  { ...viewerColumns.given, id: conversations.id },
  ({ id, ...eyes }, q) =>
    q
      .select({ customerId: conversations.customerId })
      .from(conversations)
      .where(and(visibleConversations(eyes), eq(conversations.id, id))),
  viewerColumns,
);

/** Whose conversation it is, if the caller may see it. */
export async function findConversationCustomerId(ctx: MemberTenantContext, id: Id<'cnv'>) {
  const [row] = await customerOfVisible(ctx.tx, { ...viewerOf(ctx), id });
  return row?.customerId;
}
