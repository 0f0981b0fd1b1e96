import { defineAction, text } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import {
  decodeCursor,
  integerKey,
  page,
  pageInput,
  pageOf,
  perSize,
  statement,
} from '@insightdesk/shared/database';
import { and, type Column, desc, eq, getTableColumns, lt, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { ConversationErrors } from './errors.ts';
import { conversations, conversationTags } from './tables.ts';
import { audienceOf, conversationView, toConversation } from './view.ts';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';
import { priorities, statuses } from './conversation-enums.ts';

/** The conversations that the caller may see, newest first. */
export const listConversations = defineAction({
  summary: 'List conversations',
  input: z.strictObject({
    ...pageInput,
    status: z.enum(statuses).optional(),
    priority: z.enum(priorities).optional(),
    assigneeId: idSchema('usr').optional(),
    tag: text(50).optional().describe('Staff only'),
    q: text(200).optional().describe('Part of the subject'),
  }),
  output: pageOf(conversationView),
  allow: 'conversations:read',
  transaction: 'read',
  isHeavy: ({ q }) => q !== undefined,
  async run(ctx, { limit, cursor, ...wanted }) {
    const audience = audienceOf(ctx.actor);
    if (wanted.tag !== undefined && audience === 'customer')
      throw ConversationErrors.TagsRequireStaff();
    const before = decodeCursor(cursor, integerKey);
    const rows = await newest(limit)(ctx.tx, { ...viewerOf(ctx), ...wanted, before });
    return page(
      rows,
      limit,
      (row) => row.number,
      (row) => toConversation(row, audience),
    );
  },
});

const optional = {
  ...viewerColumns.optional,
  status: conversations.status,
  priority: conversations.priority,
  assigneeId: conversations.assigneeId,
  before: conversations.number,
  tag: conversationTags.tag,
  q: conversations.subject,
};

const { tenantId: _tenant, ...columns } = getTableColumns(conversations);

type Filters = Record<keyof typeof optional, SQL | undefined>;

const newest = perSize((rows) =>
  statement(
    viewerColumns.given,
    ({ tenantId, ...wanted }, q) => {
      const { tag, customerId } = wanted;
      const all = q.select(columns).from(conversations).$dynamic();
      const isTagged = and(
        eq(conversationTags.tenantId, tenantId),
        eq(conversationTags.conversationId, conversations.id),
      );
      // The index of tags is in the order of the numbers too.
      const { number } = tag ? conversationTags : conversations;
      return (tag ? all.innerJoin(conversationTags, isTagged) : all)
        .where(
          and(visibleConversations({ tenantId, customerId }), ...matches(wanted, number, rows)),
        )
        .orderBy(desc(number))
        .limit(rows);
    },
    { optional },
  ),
);

function matches(wanted: Filters, number: Column, rows: SQL) {
  const { status, priority, assigneeId, before, tag, q } = wanted;
  return [
    status && eq(conversations.status, status),
    priority && eq(conversations.priority, priority),
    assigneeId && eq(conversations.assigneeId, assigneeId),
    before && lt(number, before),
    tag && eq(conversationTags.tag, tag),
    q && sql`${conversations.id} = any(array(${found(wanted, rows)}))`,
  ];
}

/** Parts of subjects are no business of indexes under a policy; the function sees to that. */
function found({ q, customerId, status, priority, assigneeId, tag, before }: Filters, rows: SQL) {
  const given = [q, customerId, status, priority, assigneeId, tag, before];
  const args = given.map((argument) => argument ?? sql`null`);
  return sql`select app.find_conversations(${sql.join(args, sql`, `)}, ${rows})`;
}
