import { createdAt, instant, typeId } from '@insightdesk/shared/database';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';

export const organizations = pgTable('organizations', {
  id: typeId('id', 'org').primaryKey(),
  name: text('name').notNull(),
  conversationCount: integer('conversation_count').notNull().default(0),
  /** Nobody may come in while this is set; nothing is lost meanwhile. */
  disabledAt: instant('disabled_at'),
  /** All that it has goes then, unless an owner takes it back. */
  eraseAt: instant('erase_at'),
  eraseRequestedBy: typeId('erase_requested_by', 'usr'),
  createdAt: createdAt(),
});
