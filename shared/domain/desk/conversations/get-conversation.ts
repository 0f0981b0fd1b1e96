import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { ConversationErrors } from './errors.ts';
import { conversations } from './tables.ts';
import { audienceOf, conversationEtag, conversationView, toConversation } from './view.ts';
import { viewerColumns, viewerOf, visibleConversations } from './conversation-visibility.ts';

const visibleById = statement(
  { ...viewerColumns.given, id: conversations.id },
  ({ id, ...eyes }, q) =>
    q
      .select()
      .from(conversations)
      .where(and(visibleConversations(eyes), eq(conversations.id, id))),
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
    const [row] = await visibleById(ctx.tx, { ...viewerOf(ctx), id });
    if (!row) throw ConversationErrors.NotFound();
    return toConversation(row, audienceOf(ctx.actor));
  },
});
