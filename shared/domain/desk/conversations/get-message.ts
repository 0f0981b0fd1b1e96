import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { audienceOf } from './audience-of.ts';
import { viewerColumns, viewerOf, visibleMessages } from './conversation-visibility.ts';
import { ConversationErrors } from './errors.ts';
import { messageColumns, toMessageFromRow } from './message-row.ts';
import { messages } from './tables.ts';
import { messageView } from './view.ts';

/** A message with its whole body. */
export const getMessage = defineAction({
  summary: 'Get a message',
  input: z.strictObject({ id: idSchema('cnv'), messageId: idSchema('msg') }),
  output: messageView,
  allow: 'conversations:read',
  transaction: 'read',
  async run(ctx, key) {
    const [audience, [row]] = await Promise.all([
      audienceOf(ctx),
      selectVisible(ctx.tx, { ...viewerOf(ctx), ...key }),
    ]);
    if (!row) throw ConversationErrors.MessageNotFound();
    return toMessageFromRow(row, ctx.settings.publicUrl, audience);
  },
});

const selectVisible = statement(
  { ...viewerColumns.given, id: messages.conversationId, messageId: messages.id },
  ({ id, messageId, ...viewer }, q) =>
    q
      .select(messageColumns)
      .from(messages)
      .where(
        and(visibleMessages(viewer), eq(messages.conversationId, id), eq(messages.id, messageId)),
      ),
  { optional: viewerColumns.optional },
);
