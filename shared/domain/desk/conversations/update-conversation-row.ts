import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { type StaffNaming, staffNamingOfTenant } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { and, getTableColumns, type SQL, sql } from 'drizzle-orm';
import { conversationUpdated } from './events.ts';
import { type People, peopleColumn } from './people.ts';
import { conversations } from './tables.ts';
import { type ConversationRow, toConversationFields, toPeople } from './view.ts';

/** A conversation with the names that its events need. */
export interface NamedConversation extends ConversationRow {
  people: People;
  staffNaming: StaffNaming;
}

export const namedColumns = {
  ...getTableColumns(conversations),
  people: peopleColumn,
  staffNaming: staffNamingOfTenant,
};

/** Updates a conversation that meets the condition; undefined when there is none. */
export async function updateConversationRow(
  { tx, tenantId }: TenantContext,
  id: Id<'cnv'>,
  values: Partial<ConversationRow>,
  condition?: SQL,
): Promise<NamedConversation | undefined> {
  const [row] = await tx
    .update(conversations)
    .set({ ...values, version: sql`${conversations.version} + 1` })
    .where(and(matches(conversations, { tenantId, id }), condition))
    .returning(namedColumns);
  return row;
}

/** The payload of an event on a conversation. */
export const toPayload = (row: NamedConversation) => ({
  conversation: toConversationFields(row),
  replyCount: row.replyCount,
  people: toPeople(row, row.people, 'staff'),
  staffNaming: row.staffNaming,
});

export const recordConversationUpdated = (
  ctx: TenantContext,
  after: NamedConversation,
  previousAssigneeId: Id<'usr'> | null,
) => record(ctx, conversationUpdated, { ...toPayload(after), previousAssigneeId });
