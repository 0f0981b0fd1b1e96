import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { and, type SQL, sql } from 'drizzle-orm';
import { conversationUpdated } from './events.ts';
import { conversations } from './tables.ts';
import { type ConversationRow, toConversation } from './view.ts';

/** Updates a conversation that meets the condition; undefined when there is none. */
export async function updateConversationRow(
  { tx, tenantId }: TenantContext,
  id: Id<'cnv'>,
  values: Partial<ConversationRow>,
  condition?: SQL,
): Promise<ConversationRow | undefined> {
  const [row] = await tx
    .update(conversations)
    .set({ ...values, version: sql`${conversations.version} + 1` })
    .where(and(matches(conversations, { tenantId, id }), condition))
    .returning();
  return row;
}

export function recordConversationUpdated(
  ctx: TenantContext,
  after: ConversationRow,
  previousAssigneeId: Id<'usr'> | null,
) {
  return record(ctx, conversationUpdated, {
    conversation: toConversation(after, 'staff'),
    replyCount: after.replyCount,
    previousAssigneeId,
  });
}
