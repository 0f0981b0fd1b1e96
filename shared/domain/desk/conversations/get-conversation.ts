import {
  defineAction,
  type MemberContext,
  type MemberTenantContext,
  readTenant,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { staffNamingOfTenant } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import { z } from 'zod';
import { audienceOf } from './audience-of.ts';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';
import { ConversationErrors } from './errors.ts';
import { peopleAndReadColumn, personColumn } from './people.ts';
import { conversationReads, conversations } from './tables.ts';
import { conversationEtag, conversationView, toConversation } from './view.ts';

const visibleId = { ...viewerColumns.given, id: conversations.id };
const visibleIdForReader = { ...visibleId, readerId: conversationReads.userId };
const { tenantId: _tenant, ...columns } = getTableColumns(conversations);

const selectVisible = statement(
  visibleIdForReader,
  ({ id, readerId, ...viewer }, q) =>
    q
      .select({ ...columns, people: peopleAndReadColumn(readerId) })
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
    const reader = { ...viewerOf(ctx), readerId: ctx.actor.userId };
    const [audience, [row]] = await Promise.all([
      audienceOf(ctx),
      selectVisible(ctx.tx, { ...reader, id }),
    ]);
    if (!row) throw ConversationErrors.NotFound();
    return toConversation(row, row.people, audience);
  },
});

const selectForUpdate = statement(
  visibleIdForReader,
  ({ id, readerId, ...viewer }, q) =>
    q
      .select({
        ...getTableColumns(conversations),
        now: sql<Date>`now()`.mapWith(conversations.createdAt),
        people: peopleAndReadColumn(readerId),
        reader: personColumn(readerId),
        staffNaming: staffNamingOfTenant,
      })
      .from(conversations)
      .where(and(visibleConversations(viewer), eq(conversations.id, id)))
      .for('update'),
  viewerColumns,
);

/**
 * Locks a conversation that the caller may see, so that its changes are serialized. `now` is the time
 * of the transaction, `reader` the caller.
 */
export async function lockConversation(ctx: MemberTenantContext, id: Id<'cnv'>) {
  const [row] = await selectForUpdate(ctx.tx, {
    ...viewerOf(ctx),
    id,
    readerId: ctx.actor.userId,
  });
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
