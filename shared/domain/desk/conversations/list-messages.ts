import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import {
  decodeCursor,
  pageInput,
  pageSchema,
  perPageSize,
  statement,
  toPage,
} from '@insightdesk/shared/database';
import { aliasedTable, and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { audienceOf } from './audience-of.ts';
import { viewerColumns, viewerOf, visibleMessages } from './conversation-visibility.ts';
import { ConversationErrors } from './errors.ts';
import { findConversationCustomerId } from './get-conversation.ts';
import { listedMessageColumns, toMessageFromRow } from './message-row.ts';
import { messages } from './tables.ts';
import { listedMessageView } from './view.ts';

/** The messages of a conversation, newest first; customers never get notes. Long bodies are cut. */
export const listMessages = defineAction({
  summary: 'List the messages of a conversation',
  input: z.strictObject({ id: idSchema('cnv'), ...pageInput }),
  output: pageSchema(listedMessageView),
  allow: 'conversations:read',
  transaction: 'read',
  async run(ctx, { id, limit, cursor }) {
    const { tx, settings } = ctx;
    const before = decodeCursor(cursor, idSchema('msg'));
    const [audience, customerId, rows] = await Promise.all([
      audienceOf(ctx),
      findConversationCustomerId(ctx, id),
      selectNewest(limit)(tx, { ...viewerOf(ctx), id, before }),
    ]);
    if (!customerId) throw ConversationErrors.NotFound();
    return toPage(
      rows,
      limit,
      ({ message }) => message.id,
      (row) => ({
        ...toMessageFromRow(row, settings.publicUrl, audience),
        truncated: row.truncated,
      }),
    );
  },
});

const earlier = aliasedTable(messages, 'earlier');

const selectNewest = perPageSize((rows) =>
  statement(
    { ...viewerColumns.given, id: messages.conversationId },
    ({ id, before, ...viewer }, q) => {
      const sequence = q
        .select({ sequence: earlier.sequence })
        .from(earlier)
        .where(and(eq(earlier.tenantId, viewer.tenantId), before && eq(earlier.id, before)));
      return q
        .select(listedMessageColumns)
        .from(messages)
        .where(
          and(
            visibleMessages(viewer),
            eq(messages.conversationId, id),
            before && lt(messages.sequence, sequence),
          ),
        )
        .orderBy(desc(messages.sequence))
        .limit(rows);
    },
    { optional: { ...viewerColumns.optional, before: messages.id } },
  ),
);
