import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import {
  decodeCursor,
  integerKey,
  matches,
  pageInput,
  pageSchema,
  toPage,
} from '@insightdesk/shared/database';
import { and, desc, lt } from 'drizzle-orm';
import { z } from 'zod';
import { ConversationErrors } from '../errors.ts';
import { messages, messageVersions } from '../tables.ts';
import { messageKey } from './change-message.ts';

const messageVersionView = z
  .object({
    version: z.int(),
    body: z.string(),
    changedBy: idSchema('usr').describe('Who replaced this text or deleted it'),
    changedAt: z.iso.datetime(),
  })
  .meta({ id: 'MessageVersion' });

const toMessageVersion = (row: typeof messageVersions.$inferSelect) => ({
  version: row.version,
  body: row.body,
  changedBy: row.changedBy,
  changedAt: row.changedAt.toISOString(),
});

/** The former texts of a message, newest first; for staff. */
export const listMessageVersions = defineAction({
  summary: 'List the former texts of a message',
  input: z.strictObject({ ...messageKey, ...pageInput }),
  output: pageSchema(messageVersionView),
  allow: 'conversations:manage',
  transaction: 'read',
  async run({ tx, tenantId }, { id, messageId, limit, cursor }) {
    const before = decodeCursor(cursor, integerKey);
    const isOfMessage = matches(messageVersions, { tenantId, messageId });
    const [[message], rows] = await Promise.all([
      tx
        .select({ id: messages.id })
        .from(messages)
        .where(matches(messages, { tenantId, id: messageId, conversationId: id }))
        .execute(),
      tx
        .select()
        .from(messageVersions)
        .where(and(isOfMessage, before ? lt(messageVersions.version, before) : undefined))
        .orderBy(desc(messageVersions.version))
        .limit(limit + 1)
        .execute(),
    ]);
    if (!message) throw ConversationErrors.MessageNotFound();
    return toPage(rows, limit, ({ version }) => version, toMessageVersion);
  },
});
