import { defineAction, text, type UserContext } from '@insightdesk/shared/context';
import { idSchema, roles } from '@insightdesk/shared/contract';
import { decodeCursor, page, pageInput, pageOf, statement } from '@insightdesk/shared/database';
import { and, arrayContains, desc, eq, ilike, lt } from 'drizzle-orm';
import { z } from 'zod';
import { ConversationErrors } from './errors.ts';
import { conversations } from './tables.ts';
import { audienceOf, conversationView, toConversation } from './view.ts';
import { priorities, statuses } from './vocabulary.ts';

const byId = statement(
  { tenantId: conversations.tenantId, id: conversations.id },
  ({ tenantId, id }, q) =>
    q
      .select()
      .from(conversations)
      .where(and(eq(conversations.tenantId, tenantId), eq(conversations.id, id))),
);

/** One conversation. */
export const getConversation = defineAction({
  summary: 'Get a conversation',
  input: z.strictObject({ id: idSchema('cnv') }),
  output: conversationView,
  allow: roles,
  transaction: 'read',
  async run(ctx, { id }) {
    const { tx, tenantId, actor } = ctx;
    const [row] = await byId(tx, { tenantId, id });
    const hidden = actor.role === 'customer' && row?.customerId !== actor.userId;
    if (!row || hidden) throw ConversationErrors.NotFound();
    return toConversation(row, audienceOf(actor));
  },
});

const filters = {
  status: z.enum(statuses).optional(),
  priority: z.enum(priorities).optional(),
  assigneeId: idSchema('usr').optional(),
  tag: text(50).optional(),
  q: text(200).optional().describe('Part of the subject'),
};

/** The conversations that the caller may see, newest first. */
export const listConversations = defineAction({
  summary: 'List conversations',
  input: z.strictObject({ ...pageInput, ...filters }),
  output: pageOf(conversationView),
  allow: roles,
  transaction: 'read',
  async run(ctx, { limit, cursor, ...wanted }) {
    const before = decodeCursor(cursor, z.int());
    const rows = await ctx.tx
      .select()
      .from(conversations)
      .where(
        and(visible(ctx), matches(wanted), before ? lt(conversations.number, before) : undefined),
      )
      .orderBy(desc(conversations.number))
      .limit(limit + 1)
      .execute();
    const audience = audienceOf(ctx.actor);
    return page(
      rows,
      limit,
      (row) => row.number,
      (row) => toConversation(row, audience),
    );
  },
});

const visible = ({ tenantId, actor }: UserContext) =>
  and(
    eq(conversations.tenantId, tenantId),
    actor.role === 'customer' ? eq(conversations.customerId, actor.userId) : undefined,
  );

type Filters = z.output<z.ZodObject<typeof filters>>;

const matches = ({ status, priority, assigneeId, tag, q }: Filters) =>
  and(
    status && eq(conversations.status, status),
    priority && eq(conversations.priority, priority),
    assigneeId && eq(conversations.assigneeId, assigneeId),
    tag ? arrayContains(conversations.tags, [tag]) : undefined,
    q ? ilike(conversations.subject, `%${q.replace(/[\\%_]/g, '\\$&')}%`) : undefined,
  );
