import { createdAt, instant, typeId } from '@insightdesk/shared/database';
import { boolean, integer, pgTable, text } from 'drizzle-orm/pg-core';

export const organizations = pgTable('organizations', {
  id: typeId('id', 'org').primaryKey(),
  name: text('name').notNull(),
  conversationCount: integer('conversation_count').notNull().default(0),
  /** Nobody may come in while this is set; nothing is lost meanwhile. */
  disabledAt: instant('disabled_at'),
  /** Sessions without a second factor may do nothing but set one up. */
  requireTwoFactor: boolean('require_two_factor').notNull().default(false),
  createdAt: createdAt(),
});
