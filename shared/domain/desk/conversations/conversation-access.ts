import {
  type MemberContext,
  type MemberTenantContext,
  readTenant,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';
import { conversations } from './tables.ts';

const selectCustomerId = statement(
  { ...viewerColumns.given, id: conversations.id },
  ({ id, ...viewer }, q) =>
    q
      .select({ customerId: conversations.customerId })
      .from(conversations)
      .where(and(visibleConversations(viewer), eq(conversations.id, id))),
  viewerColumns,
);

/** The customer of a conversation, if the caller may see it. */
export async function findConversationCustomerId(ctx: MemberTenantContext, id: Id<'cnv'>) {
  const [row] = await selectCustomerId(ctx.tx, { ...viewerOf(ctx), id });
  return row?.customerId;
}

/** Whether it is the caller's own conversation, or the caller is staff and it exists. */
export async function canReadConversation(ctx: MemberContext, id: Id<'cnv'>): Promise<boolean> {
  const customerId = await readTenant(ctx, (tenant) => findConversationCustomerId(tenant, id));
  return customerId !== undefined;
}
