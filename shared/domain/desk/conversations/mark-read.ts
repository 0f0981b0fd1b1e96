import { statement, type Tx, withCommit } from '@insightdesk/shared/database';
import { getTableColumns, sql } from 'drizzle-orm';
import { conversationReads } from './tables.ts';

const { readAt: _, ...columns } = getTableColumns(conversationReads);

const upsert = statement(columns, (row, q) =>
  q
    .insert(conversationReads)
    .values(row)
    .onConflictDoUpdate({
      target: [
        conversationReads.tenantId,
        conversationReads.conversationId,
        conversationReads.userId,
      ],
      set: {
        messageCount: sql`excluded.message_count`,
        replyCount: sql`excluded.reply_count`,
        readAt: sql`excluded.read_at`,
      },
      setWhere: sql`excluded.message_count > conversation_reads.message_count`,
    }),
);

/** Marks the first messages of a conversation as read, with the commit. Never moves backwards. */
export const markRead = (tx: Tx, row: Parameters<typeof upsert>[1]): void =>
  withCommit(tx, upsert(tx, row));
