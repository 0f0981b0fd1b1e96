import { defineAction, text } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import {
  decodeCursor,
  integerKey,
  matches,
  pageInput,
  pageSchema,
  perPageSize,
  statement,
  toPage,
} from '@insightdesk/shared/database';
import { and, type Column, desc, eq, getTableColumns, lt, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { priorities, statuses } from './conversation-enums.ts';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';
import { ConversationErrors } from './errors.ts';
import { conversations, conversationTags } from './tables.ts';
import { audienceOf, conversationView, toConversation } from './view.ts';

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
  output: pageSchema(conversationView),
  allow: 'conversations:read',
  transaction: 'read',
  isHeavy: ({ q }) => q !== undefined,
  async run(ctx, { limit, cursor, ...filters }) {
    const audience = audienceOf(ctx.actor);
    if (filters.tag !== undefined && audience === 'customer') {
      throw ConversationErrors.TagsRequireStaff();
    }
    const before = decodeCursor(cursor, integerKey);
    const rows = await selectNewest(limit)(ctx.tx, { ...viewerOf(ctx), ...filters, before });
    return toPage(
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

const selectNewest = perPageSize((rows) =>
  statement(
    viewerColumns.given,
    ({ tenantId, ...filters }, q) => {
      const { tag, customerId } = filters;
      const all = q.select(columns).from(conversations).$dynamic();
      const isTagged = matches(conversationTags, { tenantId, conversationId: conversations.id });
      // The tag index is ordered by number too.
      const { number } = tag ? conversationTags : conversations;
      return (tag ? all.innerJoin(conversationTags, isTagged) : all)
        .where(
          and(visibleConversations({ tenantId, customerId }), ...conditions(filters, number, rows)),
        )
        .orderBy(desc(number))
        .limit(rows);
    },
    { optional },
  ),
);

function conditions(filters: Filters, number: Column, rows: SQL) {
  const { status, priority, assigneeId, before, tag, q } = filters;
  return [
    status && eq(conversations.status, status),
    priority && eq(conversations.priority, priority),
    assigneeId && eq(conversations.assigneeId, assigneeId),
    before && lt(number, before),
    tag && eq(conversationTags.tag, tag),
    q && sql`${conversations.id} = any(array(${searchSubjects(filters, rows)}))`,
  ];
}

/** The n-gram index cannot be used under a row-level security policy: the function bypasses it. */
function searchSubjects(filters: Filters, rows: SQL) {
  const { q, customerId, status, priority, assigneeId, tag, before } = filters;
  const parameters = [q, customerId, status, priority, assigneeId, tag, before];
  const args = parameters.map((parameter) => parameter ?? sql`null`);
  return sql`select app.find_conversations(${sql.join(args, sql`, `)}, ${rows})`;
}
