import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, lte, sql } from 'drizzle-orm';
import { conversations } from './tables.ts';
import { recordConversationUpdated, updateConversationRow } from './update-conversation-row.ts';

/** Reopens a snoozed conversation when its snooze has ended; otherwise changes nothing. */
export function unsnoozeConversation(
  ctx: Context,
  { conversationId }: { conversationId: Id<'cnv'> },
) {
  return withTenant(ctx, async (tenant) => {
    const isDue = and(
      eq(conversations.status, 'snoozed'),
      lte(conversations.snoozedUntil, sql`now()`),
    );
    const after = await updateConversationRow(
      tenant,
      conversationId,
      { status: 'open', snoozedUntil: null },
      isDue,
    );
    if (after) await recordConversationUpdated(tenant, after, after.assigneeId);
  });
}
