import { createdAt, typeId } from '@insightdesk/shared/database';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';

export const organizations = pgTable('organizations', {
  id: typeId('id', 'org').primaryKey(),
  name: text('name').notNull(),
  conversationCount: integer('conversation_count').notNull().default(0),
  createdAt: createdAt(),
});
