import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';
import { ConversationErrors } from './errors.ts';
import { conversations } from './tables.ts';
import { audienceOf, conversationEtag, conversationView, toConversation } from './view.ts';

const selectVisible = statement(
  { ...viewerColumns.given, id: conversations.id },
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
