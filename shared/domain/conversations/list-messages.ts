import { defineAction, type UserContext } from '@insightdesk/shared/context';
import { type Id, idSchema, roles } from '@insightdesk/shared/contract';
import { decodeCursor, page, pageInput, pageOf } from '@insightdesk/shared/database';
import { attachments, toAttachment } from '@insightdesk/shared/domain/attachments';
import { and, desc, eq, lt, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { ConversationErrors } from './errors.ts';
import { conversations, messages } from './tables.ts';
import { type MessageRow, messageView, toMessage } from './view.ts';

/** The messages of a conversation, newest first; customers never get notes. */
export const listMessages = defineAction({
  summary: 'List the messages of a conversation',
  input: z.strictObject({ id: idSchema('cnv'), ...pageInput }),
  output: pageOf(messageView),
  allow: roles,
  transaction: 'read',
  async run(ctx, { id, limit, cursor }) {
    const { tx, tenantId, actor } = ctx;
    const before = decodeCursor(cursor, idSchema('msg'));
    const isCustomer = actor.role === 'customer';
    const [[conversation], rows] = await Promise.all([
      tx
        .select({ id: conversations.id })
        .from(conversations)
        .where(
          and(
            eq(conversations.tenantId, tenantId),
            eq(conversations.id, id),
            isCustomer ? eq(conversations.customerId, actor.userId) : undefined,
          ),
        )
        .execute(),
      selectMessages(
        ctx,
        and(
          eq(messages.conversationId, id),
          isCustomer ? eq(messages.kind, 'reply') : undefined,
          before && lt(messages.sequence, sequenceOf(ctx, before)),
        ),
      )
        .orderBy(desc(messages.sequence))
        .limit(limit + 1)
        .execute(),
    ]);
    if (!conversation) throw ConversationErrors.NotFound();
    return page(
      rows,
      limit,
      ({ message }) => message.id,
      (row) => view(ctx, row),
    );
  },
});

/** The caller's message that carries this client id, if it was sent before. */
export async function findSentMessage(
  ctx: UserContext,
  conversationId: Id<'cnv'>,
  clientMessageId: string | null,
) {
  if (clientMessageId === null) return undefined;
  const [row] = await selectMessages(
    ctx,
    and(
      eq(messages.conversationId, conversationId),
      eq(messages.authorId, ctx.actor.userId),
      eq(messages.clientMessageId, clientMessageId),
    ),
  ).execute();
  return row && view(ctx, row);
}

type AttachmentRow = typeof attachments.$inferSelect;

/** Messages with their attachments as one JSON column, so that a page is one query. */
function selectMessages({ tx, tenantId }: UserContext, where: SQL | undefined) {
  const files = sql<AttachmentRow[] | null>`(
    select json_agg(json_build_object(
      'id', a.id, 'name', a.name, 'contentType', a.content_type, 'sizeBytes', a.size_bytes,
      'status', a.status, 'variants', a.variants) order by a.id)
    from ${attachments} a
    where a.tenant_id = messages.tenant_id and a.message_id = messages.id)`;
  return tx
    .select({ message: messages, files })
    .from(messages)
    .where(and(eq(messages.tenantId, tenantId), where))
    .$dynamic();
}

function view(ctx: UserContext, row: { message: MessageRow; files: AttachmentRow[] | null }) {
  const files = row.files ?? [];
  return toMessage(
    row.message,
    files.map((file) =>
      toAttachment(
        { ...file, id: attachments.id.mapFromDriverValue(file.id) as Id<'att'> },
        ctx.settings.publicUrl,
      ),
    ),
  );
}

const sequenceOf = ({ tenantId }: UserContext, id: Id<'msg'>) =>
  sql`(select m.sequence from ${messages} m
    where m.tenant_id = ${messages.tenantId.mapToDriverValue(tenantId)}
    and m.id = ${messages.id.mapToDriverValue(id)})`;
