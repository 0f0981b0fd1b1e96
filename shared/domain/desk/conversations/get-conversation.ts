import {
  defineAction,
  type MemberContext,
  type MemberTenantContext,
  readTenant,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import { z } from 'zod';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';
import { ConversationErrors } from './errors.ts';
import { conversations } from './tables.ts';
import { audienceOf, conversationEtag, conversationView, toConversation } from './view.ts';

const visibleId = { ...viewerColumns.given, id: conversations.id };

const selectVisible = statement(
  visibleId,
  ({ id, ...viewer }, q) =>
    q
      .select()
      .from(conversations)
      .where(and(visibleConversations(viewer), eq(conversations.id, id))),
  viewerColumns,
);

export const getConversation = defineAction({
  summary: 'Get a conversation',
  input: z.strictObject({ id: idSchema('cnv') }),
  output: conversationView,
  etag: conversationEtag,
  allow: 'conversations:read',
  transaction: 'read',
  async run(ctx, { id }) {
    const [row] = await selectVisible(ctx.tx, { ...viewerOf(ctx), id });
    if (!row) throw ConversationErrors.NotFound();
    return toConversation(row, audienceOf(ctx.actor));
  },
});

const selectForUpdate = statement(
  visibleId,
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

const selectCustomerId = statement(
  visibleId,
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
