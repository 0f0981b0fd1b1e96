import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, lte, sql } from 'drizzle-orm';
import { updateConversationRow, recordConversationUpdated } from './update-conversation-row.ts';
import { conversations } from './tables.ts';

/** Reopens a snoozed conversation whose time has come; otherwise changes nothing. */
export function unsnoozeConversation(ctx: Context, { conversationId }: { conversationId: Id<'cnv'> }) {
  return withTenant(ctx, async (tenant) => {
    const due = and(
      eq(conversations.status, 'snoozed'),
      lte(conversations.snoozedUntil, sql`now()`),
    );
    const after = await updateConversationRow(tenant, conversationId, { status: 'open', snoozedUntil: null }, due);
    if (after) await recordConversationUpdated(tenant, after, after.assigneeId);
  });
}
