import type { QuotaName } from '@insightdesk/shared/context';
import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { bigint, boolean, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

export const organizations = pgTable('organizations', {
  id: typeId('id', 'org').primaryKey(),
  name: text('name').notNull(),
  conversationCount: integer('conversation_count').notNull().default(0),
  /** Nobody may come in while this is set; nothing is lost meanwhile. */
  disabledAt: instant('disabled_at'),
  /** Sessions without a second factor may do nothing but set one up. */
  requireTwoFactor: boolean('require_two_factor').notNull().default(false),
  /** All that it has goes then, unless an owner takes it back. */
  eraseAt: instant('erase_at'),
  eraseRequestedBy: typeId('erase_requested_by', 'usr'),
  createdAt: createdAt(),
});

/** What operators allow an organisation in place of the configured default; 0 is no limit. */
export const quotas = pgTable(
  'quotas',
  {
    tenantId: tenantId().references(() => organizations.id),
    metric: text('metric').$type<QuotaName>().notNull(),
    value: bigint('value', { mode: 'number' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.metric] })],
);
